// Package etcdregister keeps what the managers of a cluster share in a key of etcd.
//
//	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 2 * time.Second})
//	...
//	m, err := failover.New(failover.Config{Register: etcdregister.New(client, "/prodwright/orders"), ...})
//
// It needs the right to read and write that key, and no leases, watches or clocks of etcd. Reads are linearizable. It is a module of
// its own, so that nobody else gets etcd's client.
package etcdregister

import (
	"context"
	"fmt"
	"strconv"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/prodwright/prodwright/cluster/failover"
)

// Register is a [failover.Register] in a key of etcd. Use [New]. It is safe for concurrent use.
type Register struct {
	kv  clientv3.KV
	key string
}

var _ failover.Register = (*Register)(nil)

// New returns the register in a key. kv is a client, or one of etcd's namespaces.
func New(kv clientv3.KV, key string) *Register { return &Register{kv, key} }

// Load returns the value. Its version is the revision at which the key was changed last.
func (r *Register) Load(ctx context.Context) (value []byte, version string, err error) {
	response, err := r.kv.Get(ctx, r.key)
	if err != nil {
		return nil, "", fmt.Errorf("etcdregister: load %s: %w", r.key, err)
	}
	if len(response.Kvs) == 0 {
		return nil, "", nil
	}
	kv := response.Kvs[0]
	return kv.GetValue(), strconv.FormatInt(kv.GetModRevision(), 10), nil
}

// Swap stores a value in a transaction that compares the revision.
func (r *Register) Swap(ctx context.Context, value []byte, version string) (newVersion string, err error) {
	unchanged := clientv3.Compare(clientv3.CreateRevision(r.key), "=", 0) // it is not there
	if version != "" {
		revision, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return "", fmt.Errorf("etcdregister: %q is no version: %w", version, failover.ErrConflict)
		}
		unchanged = clientv3.Compare(clientv3.ModRevision(r.key), "=", revision)
	}
	response, err := r.kv.Txn(ctx).If(unchanged).Then(clientv3.OpPut(r.key, string(value))).Commit()
	if err != nil {
		return "", fmt.Errorf("etcdregister: store %s: %w", r.key, err)
	}
	if !response.Succeeded {
		return "", failover.ErrConflict
	}
	return strconv.FormatInt(response.Header.GetRevision(), 10), nil
}
