package kuberegister_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordination "k8s.io/api/coordination/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/kuberegister"
	"github.com/prodwright/prodwright/internal/kubetest"
)

// own returns a register in a new namespace, and the admin's access to it.
func own(t *testing.T, server *kubetest.Server) (*kuberegister.Register, typed.LeaseInterface) {
	t.Helper()
	admin := client(t, server, kubetest.Admin)
	leases := admin.CoordinationV1().Leases(namespace(t, admin))
	return kuberegister.New(leases, name), leases
}

// get returns the lease.
func get(t *testing.T, leases typed.LeaseInterface) *coordination.Lease {
	t.Helper()
	lease, err := leases.Get(t.Context(), name, meta.GetOptions{})
	require.NoError(t, err)
	return lease
}

// swap stores a value that must be stored.
func swap(t *testing.T, r failover.Register, value, version string) (newVersion string) {
	t.Helper()
	newVersion, err := r.Swap(t.Context(), []byte(value), version)
	require.NoError(t, err)
	return newVersion
}

// holds checks what a register has.
func holds(t *testing.T, r failover.Register, value, version string) {
	t.Helper()
	has, now, err := r.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, value, string(has))
	require.Equal(t, version, now)
}

func withoutUpdate(t *testing.T, server *kubetest.Server) {
	t.Helper()
	n := namespace(t, client(t, server, kubetest.Admin))
	role := new(rbac.Role)
	documented(t, "Role", role)
	require.Equal(t, []string{"get", "update"}, role.Rules[0].Verbs)
	role.Rules[0].Verbs = []string{"get"}
	allow(t, server, n, role)
	r := kuberegister.New(client(t, server, managers).CoordinationV1().Leases(n), name)
	version := swap(t, r, `{"format":1}`, "")
	_, err := r.Swap(t.Context(), []byte(`{"format":1,"beat":1}`), version)
	require.EqualError(t, err, `kuberegister: store lease orders: leases.coordination.k8s.io "orders" is forbidden: `+
		`User "managers" cannot update resource "leases" in API group "coordination.k8s.io" in the namespace "`+n+`"`)
	require.True(t, apierrors.IsForbidden(err))
	require.NotErrorIs(t, err, failover.ErrConflict)
	holds(t, r, `{"format":1}`, version)

	// Nor is there a right to another lease, or to anything else.
	other := kuberegister.New(client(t, server, managers).CoordinationV1().Leases(n), "payments")
	_, _, err = other.Load(t.Context())
	require.ErrorContains(t, err, `cannot get resource "leases"`)
}

func withoutCreate(t *testing.T, server *kubetest.Server) {
	t.Helper()
	admin := client(t, server, kubetest.Admin)
	n := namespace(t, admin)
	role, lease := new(rbac.Role), new(coordination.Lease)
	documented(t, "Role", role)
	documented(t, "Lease", lease)
	require.Equal(t, []string{"create"}, role.Rules[1].Verbs)
	role.Rules = role.Rules[:1]
	allow(t, server, n, role)
	r := kuberegister.New(client(t, server, managers).CoordinationV1().Leases(n), name)
	_, err := r.Swap(t.Context(), []byte("1"), "")
	require.ErrorContains(t, err, `User "managers" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "`+n+`"`)
	require.NotErrorIs(t, err, failover.ErrConflict)

	lease.Namespace = n
	_, err = admin.CoordinationV1().Leases(n).Create(t.Context(), lease, meta.CreateOptions{})
	require.NoError(t, err)
	value, version, err := r.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, value)
	version = swap(t, r, "1", version)
	holds(t, r, "1", version)
}

func foreign(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r, leases := own(t, server)
	theirs, err := leases.Create(t.Context(), &coordination.Lease{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{"theirs": "x"}}, Spec: coordination.LeaseSpec{HolderIdentity: new("they")},
	}, meta.CreateOptions{})
	require.NoError(t, err)
	_, version, err := r.Load(t.Context())
	require.ErrorIs(t, err, kuberegister.ErrForeign)
	require.NotErrorIs(t, err, failover.ErrConflict)
	require.ErrorContains(t, err, "lease "+theirs.Namespace+"/orders has no annotation prodwright.github.io/failover-record: use another name")
	require.Empty(t, version)
	_, err = r.Swap(t.Context(), []byte("ours"), "")
	require.ErrorIs(t, err, failover.ErrConflict)
	require.ErrorIs(t, err, kuberegister.ErrForeign)
	_, err = r.Swap(t.Context(), []byte("ours"), theirs.ResourceVersion)
	require.ErrorIs(t, err, kuberegister.ErrForeign)
	require.Equal(t, theirs, get(t, leases))
}

func person(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r, leases := own(t, server)
	first := swap(t, r, "1", "")
	lease := get(t, leases)
	lease.Labels = map[string]string{"team": "payments"}
	lease.OwnerReferences = []meta.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "y"}}
	lease.Annotations["note"] = "do not touch"
	_, err := leases.Update(t.Context(), lease, meta.UpdateOptions{})
	require.NoError(t, err)
	_, err = r.Swap(t.Context(), []byte("2"), first)
	require.ErrorIs(t, err, failover.ErrConflict)

	_, version, err := r.Load(t.Context())
	require.NoError(t, err)
	holds(t, r, "1", version)
	version = swap(t, r, "2", version)
	version = swap(t, kuberegister.New(leases, name), "3", version) // which has not seen it before
	now := get(t, leases)
	require.Equal(t, lease.Labels, now.Labels)
	require.Equal(t, lease.OwnerReferences, now.OwnerReferences)
	require.Equal(t, "do not touch", now.Annotations["note"])

	delete(now.Annotations, kuberegister.Annotation)
	_, err = leases.Update(t.Context(), now, meta.UpdateOptions{})
	require.NoError(t, err)
	_, err = r.Swap(t.Context(), []byte("4"), version)
	require.ErrorIs(t, err, failover.ErrConflict)
	_, _, err = r.Load(t.Context())
	require.ErrorIs(t, err, kuberegister.ErrForeign)

	now = get(t, leases)
	now.Annotations[kuberegister.Annotation] = "base64:?"
	_, err = leases.Update(t.Context(), now, meta.UpdateOptions{})
	require.NoError(t, err)
	_, _, err = r.Load(t.Context())
	require.ErrorContains(t, err, "annotation prodwright.github.io/failover-record of lease "+now.Namespace+"/orders: illegal base64")
}

// An update of a Lease that is not there creates it, unless the request says which one is meant.
func removed(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r, leases := own(t, server)
	version := swap(t, r, "1", "")
	require.NoError(t, leases.Delete(t.Context(), name, meta.DeleteOptions{}))
	for _, client := range []*kuberegister.Register{r, kuberegister.New(leases, name)} {
		_, err := client.Swap(t.Context(), []byte("2"), version)
		require.ErrorIs(t, err, failover.ErrConflict)
		holds(t, client, "", "")
	}
	again := swap(t, kuberegister.New(leases, name), "3", "")
	_, err := r.Swap(t.Context(), []byte("4"), version)
	require.ErrorIs(t, err, failover.ErrConflict)
	holds(t, r, "3", again)
}

// twice is a client that sends each request again, as client-go does when the server says that it does not know what became of it.
type twice struct{ typed.LeaseInterface }

func (c twice) Create(ctx context.Context, lease *coordination.Lease, options meta.CreateOptions) (*coordination.Lease, error) {
	if _, err := c.LeaseInterface.Create(ctx, lease, options); err != nil {
		return nil, err
	}
	return c.LeaseInterface.Create(ctx, lease, options)
}

func (c twice) Update(ctx context.Context, lease *coordination.Lease, options meta.UpdateOptions) (*coordination.Lease, error) {
	if _, err := c.LeaseInterface.Update(ctx, lease, options); err != nil {
		return nil, err
	}
	return c.LeaseInterface.Update(ctx, lease, options)
}

func repeated(t *testing.T, server *kubetest.Server) {
	t.Helper()
	_, leases := own(t, server)
	a, b := kuberegister.New(twice{leases}, name), kuberegister.New(twice{leases}, name)
	first := swap(t, a, "1", "")
	second := swap(t, a, "2", first)
	holds(t, a, "2", second)
	_, err := b.Swap(t.Context(), []byte("2"), first) // the same value, and not the same swap
	require.ErrorIs(t, err, failover.ErrConflict)
	_, err = b.Swap(t.Context(), []byte("2"), "")
	require.ErrorIs(t, err, failover.ErrConflict)
	holds(t, b, "2", second)
}

// counter counts the requests.
type counter struct {
	kuberegister.Leases
	n *int
}

func (c counter) Get(ctx context.Context, name string, options meta.GetOptions) (*coordination.Lease, error) {
	*c.n++
	return c.Leases.Get(ctx, name, options)
}

func (c counter) Update(ctx context.Context, lease *coordination.Lease, options meta.UpdateOptions) (*coordination.Lease, error) {
	*c.n++
	return c.Leases.Update(ctx, lease, options)
}

func oneRequest(t *testing.T, server *kubetest.Server) {
	t.Helper()
	n := 0
	_, leases := own(t, server)
	r := kuberegister.New(counter{leases, &n}, name)
	version := swap(t, r, "1", "")
	for range 3 {
		version = swap(t, r, "2", version)
	}
	require.Equal(t, 3, n)
	holds(t, r, "2", version)
	version = swap(t, r, "3", version)
	require.Equal(t, 5, n)
	swap(t, kuberegister.New(counter{leases, &n}, name), "4", version)
	require.Equal(t, 7, n, "one that has not seen the lease has to load it first")
}

func tooLong(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r, _ := own(t, server)
	version := swap(t, r, "1", "")
	version = swap(t, r, `"`+strings.Repeat("x", 255<<10)+`"`, version)
	_, err := r.Swap(t.Context(), []byte(`"`+strings.Repeat("y", 256<<10)+`"`), version)
	require.ErrorContains(t, err, "metadata.annotations: Too long: may not be more than 262144 bytes")
	require.NotErrorIs(t, err, failover.ErrConflict)
	require.Less(t, len(err.Error()), 1000)
	holds(t, r, `"`+strings.Repeat("x", 255<<10)+`"`, version)
}

func seen(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r, leases := own(t, server)
	value, err := json.Marshal(failover.Record{Format: 1, Epoch: 7, Holder: "db1-manager", TTL: 10*time.Second + 1})
	require.NoError(t, err)
	before := time.Now().Truncate(time.Microsecond)
	version := swap(t, r, string(value), "")
	lease := get(t, leases)
	require.Equal(t, string(value), lease.Annotations[kuberegister.Annotation], "JSON can be read as it is")
	require.Equal(t, "db1-manager", *lease.Spec.HolderIdentity)
	require.Equal(t, int32(11), *lease.Spec.LeaseDurationSeconds)
	require.Equal(t, int32(7), *lease.Spec.LeaseTransitions)
	require.False(t, lease.Spec.RenewTime.Time.Before(before))
	require.Equal(t, "prodwright-failover", lease.ManagedFields[0].Manager)

	// What cannot be shown is no reason not to store.
	for _, value := range []string{`{"epoch":18446744073709551615,"ttl_ns":9223372036854775807,"holder":""}`, `{"ttl_ns":-1}`, "no record", "base64:eA==", `[]`, `{"epoch":"x"}`} {
		version = swap(t, r, value, version)
		holds(t, r, value, version)
		require.Nil(t, get(t, leases).Spec.HolderIdentity, value)
	}
	require.Nil(t, get(t, leases).Spec.LeaseTransitions)
	require.Nil(t, get(t, leases).Spec.RenewTime)
}

func noNamespace(t *testing.T, server *kubetest.Server) {
	t.Helper()
	r := kuberegister.New(client(t, server, kubetest.Admin).CoordinationV1().Leases("nowhere"), name)
	holds(t, r, "", "")
	_, err := r.Swap(t.Context(), []byte("1"), "")
	require.EqualError(t, err, `kuberegister: store lease orders: namespaces "nowhere" not found`)
	require.NotErrorIs(t, err, failover.ErrConflict)
}
