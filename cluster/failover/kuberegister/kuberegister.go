package kuberegister

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/prodwright/prodwright/cluster/failover"
)

// Leases is the part that is needed of the LeaseInterface of client-go, whose clients have one for each namespace.
// They must be safe for concurrent use, as those are.
type Leases interface {
	// These mean what they mean there.
	Get(ctx context.Context, name string, options meta.GetOptions) (*coordination.Lease, error)
	Create(ctx context.Context, lease *coordination.Lease, options meta.CreateOptions) (*coordination.Lease, error)
	Update(ctx context.Context, lease *coordination.Lease, options meta.UpdateOptions) (*coordination.Lease, error)
}

// Register is a [failover.Register] in a Lease of Kubernetes. Use [New]. It is safe for concurrent use.
type Register struct {
	leases Leases
	name   string

	mu   sync.Mutex          // guards last, and is not held while the server is asked
	last *coordination.Lease // as it was last seen, so that a swap needs one request; never changed
}

var _ failover.Register = (*Register)(nil)

// New returns the register in the Lease of that name.
func New(leases Leases, name string) *Register { return &Register{leases: leases, name: name} }

// Load returns the record. Its version is the resourceVersion of the Lease. The error of a Lease that has no record matches
// [ErrForeign]; others are those of the client, wrapped.
func (r *Register) Load(ctx context.Context) (value []byte, version string, err error) {
	lease, err := r.get(ctx)
	if apierrors.IsNotFound(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	if value, err = record(lease); err != nil {
		return nil, "", err
	}
	r.keep(lease)
	return value, lease.ResourceVersion, nil
}

// Swap creates the Lease if the version is empty, and updates that of the version otherwise. An error that is not
// [failover.ErrConflict] is that of the client, wrapped.
func (r *Register) Swap(ctx context.Context, value []byte, version string) (newVersion string, err error) {
	lease, err := r.of(ctx, version)
	if err != nil {
		return "", err
	}
	swap := rand.Text()
	fill(lease, value, swap, time.Now())
	var stored *coordination.Lease
	if version == "" {
		stored, err = r.leases.Create(ctx, lease, meta.CreateOptions{FieldManager: manager})
	} else {
		stored, err = r.leases.Update(ctx, lease, meta.UpdateOptions{FieldManager: manager})
	}
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return r.stored(ctx, swap)
	case err != nil:
		return "", fmt.Errorf("kuberegister: store lease %s: %w", r.name, err)
	}
	r.keep(stored)
	return stored.ResourceVersion, nil
}

// of returns a copy of the Lease of a version, for a swap to change: with its UID, without which an update would bring a Lease
// back that was removed.
func (r *Register) of(ctx context.Context, version string) (*coordination.Lease, error) {
	if version == "" {
		return &coordination.Lease{ObjectMeta: meta.ObjectMeta{Name: r.name}}, nil
	}
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	if last != nil && last.ResourceVersion == version {
		return last.DeepCopy(), nil
	}
	lease, err := r.get(ctx)
	if apierrors.IsNotFound(err) {
		return nil, failover.ErrConflict
	}
	if err != nil {
		return nil, err
	}
	if lease.ResourceVersion != version {
		return nil, failover.ErrConflict
	}
	_, err = record(lease)
	return lease, err
}

// stored finds out whose a conflict is. client-go repeats an update by itself when the server did not know what had become of it, so
// it may be with what this swap itself has stored.
func (r *Register) stored(ctx context.Context, swap string) (version string, err error) {
	lease, err := r.get(ctx)
	if apierrors.IsNotFound(err) {
		return "", failover.ErrConflict
	}
	if err != nil {
		return "", err
	}
	if lease.Annotations[swapAnnotation] == swap {
		r.keep(lease)
		return lease.ResourceVersion, nil
	}
	if _, err := record(lease); err != nil {
		return "", errors.Join(failover.ErrConflict, err)
	}
	return "", failover.ErrConflict
}

func (r *Register) get(ctx context.Context) (*coordination.Lease, error) {
	lease, err := r.leases.Get(ctx, r.name, meta.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("kuberegister: load lease %s: %w", r.name, err)
	}
	return lease, nil
}

func (r *Register) keep(lease *coordination.Lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = lease
}
