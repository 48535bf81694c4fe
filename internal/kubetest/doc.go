// Package kubetest runs throw-away API servers of Kubernetes, each with an etcd of its own, for tests. They are the real programs:
// authorization by roles, validation, conflicts and watches are what they are in a cluster. There are no nodes and no
// controllers, so nothing runs in the pods that a test makes.
//
//	server := kubetest.New(t, kubetest.Config{Users: []string{"manager"}})
//	client, err := kubernetes.NewForConfig(&rest.Config{
//		Host: server.URL(), BearerToken: server.Token("manager"), TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()},
//	})
//	...
//	err = server.Kill() // kill -9; Hang, Resume and Start are there too
//
// scripts/kube-apiserver.sh builds the API server, from the modules that apiserver/go.mod names, which is no part of any
// other module and of no workspace. etcd comes from the operating system's packages; scripts/setup.sh test sees to both. This
// package itself needs nothing but the standard library.
//
// # Lifecycle
//
// A server lives in a directory of its own until [Server.Close]. It also ends, and its directory is removed, when the
// process that started it ends in any way, kill -9 included: a small shell waits for that.
//
// # Concurrency
//
// Functions, and the methods that only tell something, are safe for concurrent use. Those that start and stop a server are for
// one goroutine at a time.
package kubetest
