// Package clusterhttp carries what a client has written from one request to the next, so that it sees its own writes although reads
// go to replicas.
//
//	sessions, err := clusterhttp.New(clusterhttp.Config{})
//	...
//	server := &http.Server{Handler: sessions.Handler(mux)}
//
// Handlers use the request's context with the cluster's Writer and Reader, and no more. A response to a request that has written
// has a cookie with a [cluster.Token], and the next request of the client brings it back. Clients without cookies, such as other
// services, can be given a header instead.
//
// The cookie is set with the head of the response: what is written after the first byte of the body is not in it.
package clusterhttp
