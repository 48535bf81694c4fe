package examples_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
	"github.com/prodwright/prodwright/internal/pgtest"
)

const (
	patience = time.Minute
	tick     = 20 * time.Millisecond
)

// address returns one that nobody else listens on.
func address(t *testing.T) string {
	t.Helper()
	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	return port.Addr()
}

// get returns the status, the server that answered, and the body of an answer; status 0 means that there was none.
func get(url string) (status int, from, body string) {
	res, err := http.Get(url)
	if err != nil {
		return 0, "", ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("X-Read-From"), string(text)
}

// service starts the program and returns it with its standard error.
func service(t *testing.T, dir string, env ...string) (*exec.Cmd, io.Reader, *strings.Builder) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "fullservice"))
	cmd.Env = append(os.Environ(), append([]string{"REDIS_URL="}, env...)...)
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, stderr, &out
}

func TestFullserviceStartsWithoutItsStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, pgtest.Config{})
	standby, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "standby"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = standby.Close() })
	require.NoError(t, standby.Kill())
	api, admin := address(t), address(t)
	cmd, stderr, _ := service(t, build(t), "ADDR="+api, "ADMIN_ADDR="+admin, "DATABASE_URL="+primary.URL("postgres"), "STANDBY_URL="+standby.URL("postgres"))
	logged := make(chan struct{})
	go func() { defer close(logged); _, _ = io.Copy(io.Discard, stderr) }()

	require.Eventually(t, func() bool {
		status, from, _ := get("http://" + api + "/users")
		return status == http.StatusOK && from == "primary"
	}, patience, tick)
	require.Eventually(t, func() bool { // a check may be late on a busy machine
		status, _, body := get("http://" + admin + "/readyz?verbose")
		return status == http.StatusOK && strings.Contains(body, "[!]standby warning")
	}, patience, tick, "ready, and whoever looks sees that the standby is away")

	require.NoError(t, standby.Start(t.Context()))
	require.Eventually(t, func() bool {
		status, from, _ := get("http://" + api + "/users")
		return status == http.StatusOK && from == "standby"
	}, patience, tick, "it is joined when it comes")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	<-logged
	require.NoError(t, cmd.Wait())
}

func TestFullserviceThatIsInterruptedWhileItStarts(t *testing.T) {
	t.Parallel()
	cmd, stderr, out := service(t, build(t), "ADDR="+address(t), "ADMIN_ADDR="+address(t), "DATABASE_URL=postgres://127.0.0.1:1/app?sslmode=disable")
	asked := false // a second signal would end it at once
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if !asked && strings.Contains(lines.Text(), "not reachable yet") {
			asked = true
			require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		}
	}
	require.NoError(t, cmd.Wait(), out)
	require.Contains(t, out.String(), "told to stop before it had started: signal: interrupt")
	require.NotContains(t, out.String(), "FAIL")
}

func TestFullserviceNeedsRequests(t *testing.T) {
	t.Parallel()
	dir := build(t)
	for _, n := range []string{"0", "-1"} {
		verdict, exit := run(t, nil, filepath.Join(dir, "fullservice"), "-smoke", "-requests", n)
		require.Equal(t, 1, exit)
		require.Contains(t, verdict["claims"], map[string]any{"claim": "-requests is " + n + ": must be at least 1", "ok": false})
	}
}
