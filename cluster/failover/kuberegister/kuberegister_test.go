package kuberegister_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/failovertest"
	"github.com/prodwright/prodwright/cluster/failover/kuberegister"
	"github.com/prodwright/prodwright/internal/kubetest"
)

// The managers are a user who may do what a role lets them.
const (
	managers = "managers"
	name     = "orders"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *kubetest.Server {
	t.Helper()
	return kubetest.New(t, kubetest.Config{Users: []string{managers}})
}

// client returns a client without client-go's limit on requests per second.
func client(t *testing.T, server *kubetest.Server, user string) *kubernetes.Clientset {
	t.Helper()
	config := &rest.Config{
		Host: server.URL(), BearerToken: server.Token(user), QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()},
	}
	http, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	t.Cleanup(http.CloseIdleConnections)
	c, err := kubernetes.NewForConfigAndClient(config, http)
	require.NoError(t, err)
	return c
}

// namespace makes a new one.
func namespace(t *testing.T, admin kubernetes.Interface) string {
	t.Helper()
	n, err := admin.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: meta.ObjectMeta{GenerateName: "n-"}}, meta.CreateOptions{})
	require.NoError(t, err)
	return n.Name
}

// documented decodes the object of a kind from the package's documentation.
func documented(t *testing.T, kind string, into any) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for block := range strings.SplitSeq(string(doc), "//\n") {
		block = strings.ReplaceAll(strings.TrimPrefix(block, "//\t"), "\n//\t", "\n")
		if strings.HasPrefix(block, "apiVersion:") && strings.Contains(block, "\nkind: "+kind+"\n") {
			require.NoError(t, yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(block), 4096).Decode(into))
			return
		}
	}
	t.Fatalf("the documentation has no %s", kind)
}

// allow gives the managers a role in a namespace, and waits until the server knows.
func allow(t *testing.T, server *kubetest.Server, namespace string, role *rbac.Role) {
	t.Helper()
	admin := client(t, server, kubetest.Admin)
	role.Namespace = namespace
	_, err := admin.RbacV1().Roles(namespace).Create(t.Context(), role, meta.CreateOptions{})
	require.NoError(t, err)
	_, err = admin.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbac.RoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: role.Name},
		Subjects:   []rbac.Subject{{Kind: rbac.UserKind, APIGroup: rbac.GroupName, Name: managers}},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: role.Name},
	}, meta.CreateOptions{})
	require.NoError(t, err)
	leases := client(t, server, managers).CoordinationV1().Leases(namespace)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := leases.Get(ctx, name, meta.GetOptions{})
		if err == nil || apierrors.IsNotFound(err) {
			return
		}
		require.True(t, apierrors.IsForbidden(err), "%v", err)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	server := start(t)
	t.Run("with the documented role", func(t *testing.T) {
		t.Parallel()
		failovertest.Register(t, func(t *testing.T) func() failover.Register {
			t.Helper()
			namespace := namespace(t, client(t, server, kubetest.Admin))
			role := new(rbac.Role)
			documented(t, "Role", role)
			allow(t, server, namespace, role)
			return func() failover.Register {
				return kuberegister.New(client(t, server, managers).CoordinationV1().Leases(namespace), name)
			}
		})
	})
	for _, test := range []struct {
		name string
		run  func(*testing.T, *kubetest.Server)
	}{
		{"the role without update", withoutUpdate},
		{"a lease that a person made", withoutCreate},
		{"somebody else's lease", foreign},
		{"a person changes the lease", person},
		{"a lease that was removed", removed},
		{"an update that is repeated", repeated},
		{"a renewal is one request", oneRequest},
		{"a record that is too long", tooLong},
		{"what a person sees", seen},
		{"no namespace", noNamespace},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, server)
		})
	}
}
