package kuberegister_test

import (
	"context"
	"fmt"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/kuberegister"
)

func ExampleRegister() {
	client, err := kubernetes.NewForConfig(&rest.Config{Host: "https://127.0.0.1:6443"})
	if err != nil {
		fmt.Println(err)
		return
	}
	register := kuberegister.New(client.CoordinationV1().Leases("databases"), "orders")
	_, err = failover.New(failover.Config{Register: register})
	fmt.Println(err)
	// Output:
	// failover: invalid configuration:
	// Nodes has 0: must have two at least
}

// quiet is a client that may be told not to write, for maintenance of the API server.
type quiet struct {
	kuberegister.Leases
	on bool
}

func (q quiet) Create(ctx context.Context, lease *coordination.Lease, options meta.CreateOptions) (*coordination.Lease, error) {
	if q.on {
		return nil, apierrors.NewServiceUnavailable("maintenance")
	}
	return q.Leases.Create(ctx, lease, options)
}

// The client of client-go is one; others may stand before it.
func ExampleLeases() {
	client, err := kubernetes.NewForConfig(&rest.Config{Host: "https://127.0.0.1:6443"})
	if err != nil {
		fmt.Println(err)
		return
	}
	register := kuberegister.New(quiet{client.CoordinationV1().Leases("databases"), true}, "orders")
	_, err = register.Swap(context.Background(), []byte(`{"format":1}`), "")
	fmt.Println(err)
	// Output:
	// kuberegister: store lease orders: maintenance
}
