package etcdregister_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/etcdregister"
	"github.com/prodwright/prodwright/cluster/failover/failovertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// etcd starts a server and returns its address. Without the program, the test is skipped; in CI it fails.
func etcd(t *testing.T) (address string) {
	t.Helper()
	program, err := exec.LookPath("etcd")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("etcd is missing: scripts/setup.sh test installs it")
		}
		t.Skip("etcd is missing: scripts/setup.sh test installs it")
	}
	for range 5 { // somebody else may take the ports
		clients, peers := free(t), free(t)
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, program, "--data-dir", t.TempDir(), "--listen-client-urls", "http://"+clients, "--advertise-client-urls", "http://"+clients,
			"--listen-peer-urls", "http://"+peers, "--initial-advertise-peer-urls", "http://"+peers, "--initial-cluster", "default=http://"+peers, "--log-level", "error", "--unsafe-no-fsync")
		cmd.Env = append(os.Environ(), "ETCD_UNSUPPORTED_ARCH=arm64")
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		t.Cleanup(func() {
			cancel()
			<-ended
		})
		if answers(clients, ended) {
			return clients
		}
		cancel()
	}
	t.Fatal("etcd does not start")
	return ""
}

// answers waits until a server answers, and says whether it does.
func answers(address string, ended <-chan struct{}) bool {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{address}, Logger: zap.NewNop()})
	if err != nil {
		return false
	}
	defer func() { _ = client.Close() }()
	for range 300 {
		select {
		case <-ended:
			return false
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		_, err := client.Get(ctx, "x")
		cancel()
		if err == nil {
			return true
		}
	}
	return false
}

// free returns an address that nobody listens to right now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestRegister(t *testing.T) {
	t.Parallel()
	address, n := etcd(t), 0
	failovertest.Register(t, func(t *testing.T) func() failover.Register {
		t.Helper()
		n++
		key := fmt.Sprint("/prodwright/cluster", n)
		return func() failover.Register {
			client, err := clientv3.New(clientv3.Config{Endpoints: []string{address}, Logger: zap.NewNop()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, client.Close()) })
			return etcdregister.New(client, key)
		}
	})
}

func ExampleRegister() {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:2379"}, DialTimeout: 2 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	_, err = failover.New(failover.Config{Register: etcdregister.New(client, "/prodwright/orders")})
	fmt.Println(err)
	// Output:
	// failover: invalid configuration:
	// Nodes has 0: must have two at least
}
