package kubetest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/kubetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The version is written down twice, because a program cannot embed the go.mod of another module.
func TestVersion(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("apiserver/go.mod")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^(?:require|\t)\s*k8s\.io/kubernetes (\S+)`).FindSubmatch(mod)
	require.NotNil(t, found)
	require.Equal(t, kubetest.Version, string(found[1]))
}

// The script and the package must mean the same file.
func TestScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "prodwright", "kube-apiserver-"+kubetest.Version)
	require.NoError(t, os.Mkdir(filepath.Dir(program), 0o700))
	require.NoError(t, os.WriteFile(program, nil, 0o700))
	script, err := filepath.Abs("../../scripts/kube-apiserver.sh")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "sh", script)
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "XDG_CACHE_HOME="+dir, "GO=false")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, program+"\n", string(out))
}

func TestMissing(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := exec.LookPath("etcd"); err != nil {
		t.Setenv("PATH", fakeEtcd(t))
	}
	_, err := kubetest.Start(t.Context(), kubetest.Config{})
	missing := (*kubetest.NotFoundError)(nil)
	require.ErrorAs(t, err, &missing)
	require.EqualError(t, err, "kubetest: kube-apiserver "+kubetest.Version+" is missing; get it with: scripts/kube-apiserver.sh")
	t.Setenv("PATH", t.TempDir())
	_, err = kubetest.Start(t.Context(), kubetest.Config{})
	require.EqualError(t, err, "kubetest: etcd is missing; get it with: scripts/setup.sh test")
}

func fakeEtcd(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etcd"), nil, 0o700))
	return dir
}

// ask sends a request as a user and returns the status, 0 for none.
func ask(ctx context.Context, s *kubetest.Server, user, method, path, body string) (status int, err error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+s.Token(user))
	request.Header.Set("Content-Type", "application/json")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func TestServer(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t, kubetest.Config{Users: []string{"somebody"}})
	check := func(want int, user, method, path, body string) {
		t.Helper()
		status, err := ask(t.Context(), s, user, method, path, body)
		require.NoError(t, err)
		require.Equal(t, want, status)
	}
	const namespaces, one = "/api/v1/namespaces", "/api/v1/namespaces/one"
	check(http.StatusCreated, kubetest.Admin, "POST", namespaces, `{"metadata":{"name":"one"}}`)
	check(http.StatusOK, kubetest.Admin, "GET", one, "")
	check(http.StatusForbidden, "somebody", "GET", one, "")
	check(http.StatusForbidden, "nobody", "GET", one, "")

	url := s.URL()
	s.Kill()
	_, err := ask(t.Context(), s, kubetest.Admin, "GET", one, "")
	require.Error(t, err)
	require.Error(t, s.Hang())
	require.NoError(t, s.Start(t.Context()))
	require.Equal(t, url, s.URL())
	check(http.StatusOK, kubetest.Admin, "GET", one, "")
	require.NoError(t, s.Start(t.Context()), "a running one is left alone")

	require.NoError(t, s.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	_, err = ask(ctx, s, kubetest.Admin, "GET", one, "")
	cancel()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, s.Resume())
	check(http.StatusOK, kubetest.Admin, "GET", one, "")
	require.Contains(t, s.LogTail(5), "kube-apiserver:\n")

	require.NoError(t, s.Hang(), "Close ends one that is stopped, too")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

// What does not start says why.
func TestRefused(t *testing.T) {
	t.Parallel()
	_, err := kubetest.Start(t.Context(), kubetest.Config{Flags: []string{"--no-such-flag"}})
	if missing := (*kubetest.NotFoundError)(nil); errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.ErrorContains(t, err, "kube-apiserver ended")
	require.ErrorContains(t, err, "no-such-flag")
}

// parentEnv makes a run of this test program one that starts a server and is killed.
const parentEnv = "KUBETEST_BE_PARENT"

// Nothing stays behind when the process that started a server is killed.
func TestGuard(t *testing.T) {
	t.Parallel()
	if os.Getenv(parentEnv) != "" {
		s := kubetest.New(t, kubetest.Config{})
		fmt.Printf("url=%s\n", s.URL())
		time.Sleep(time.Hour)
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("needs /proc to see the processes that are left")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGuard$", "-test.v")
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), parentEnv+"=1", "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	seen, buffer := "", make([]byte, 4096)
	for !strings.Contains(seen, "url=") {
		n, err := out.Read(buffer)
		if strings.Contains(seen, "--- SKIP") {
			t.Skip("a server cannot be started here")
		}
		require.NoError(t, err, seen)
		seen += string(buffer[:n])
	}
	require.NotEmpty(t, processes(t, dir), "of this server, there are some")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		left, err := filepath.Glob(filepath.Join(dir, "kubetest*"))
		return err == nil && len(left) == 0 && len(processes(t, dir)) == 0
	}, time.Minute, 50*time.Millisecond)
}

// processes are the command lines that name a directory.
func processes(t *testing.T, dir string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(dir)) {
			found = append(found, string(text))
		}
	}
	return found
}
