// Package kuberegister keeps what the managers of a cluster share in one Lease of Kubernetes.
//
//	client, err := kubernetes.NewForConfig(config) // of k8s.io/client-go
//	...
//	register := kuberegister.New(client.CoordinationV1().Leases("databases"), "orders")
//	m, err := failover.New(failover.Config{Register: register, ...})
//
// It is a module of its own that needs the types of the API but not client-go: [Leases] is the part of its client that
// is used, and has been the same since v0.18. The tests run with v0.37 against a kube-apiserver v1.37.
//
// # What is in the Lease
//
// The record is the annotation [Annotation], as it is when it is JSON, else in base64. Annotations have 256 KiB in total, so that is
// the limit of a record; those of managers have some kB. Whether somebody else changed it is decided by the resourceVersion alone. So
// that kubectl get lease shows what goes on, the spec says who holds the lease (holderIdentity), for how long
// (leaseDurationSeconds), when that was last renewed by the clock of who did it (renewTime), and how often it was taken
// (leaseTransitions). Nothing is decided by these, and changing them by hand has no effect but that the present holder loses a
// renewal and has to take the lease anew. Everything else in the object, such as labels, is left as it is.
//
// A Lease without the annotation belongs to somebody else, or a person removed it: then everything fails with
// [ErrForeign], and nothing is overwritten. No Lease at all is an empty register. So, removing the Lease makes managers
// forget, also a failover that is under way; pause them first.
//
// # What it takes
//
// A Role for the account that the managers run as:
//
//	apiVersion: rbac.authorization.k8s.io/v1
//	kind: Role
//	metadata:
//	  name: prodwright-orders
//	  namespace: databases
//	rules:
//	- apiGroups: [coordination.k8s.io]
//	  resources: [leases]
//	  resourceNames: [orders]
//	  verbs: [get, update]
//	- apiGroups: [coordination.k8s.io]
//	  resources: [leases]
//	  verbs: [create]
//
// Kubernetes cannot limit create to a name. Who does not want to give it leaves the second rule out and makes the Lease, with
// an empty record:
//
//	apiVersion: coordination.k8s.io/v1
//	kind: Lease
//	metadata:
//	  name: orders
//	  namespace: databases
//	  annotations:
//	    prodwright.github.io/failover-record: ""
//
// The clients of client-go send five requests in a second by default, and others wait. Managers need two or so; give them
// a client of their own, or one with a higher limit, so that a renewal does not stand in line.
package kuberegister
