package prom_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// needs skips a test when a program is missing, but not in CI, which installs it.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: scripts/setup.sh test installs it", program)
		}
		t.Skipf("%s is missing: scripts/setup.sh test installs it", program)
	}
}

// logged is a text that grows.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// prometheusServer is a real one.
type prometheusServer struct{ address string }

// startPrometheus starts one that reads native histograms, and scrapes servers, by the names of their jobs.
func startPrometheus(t *testing.T, interval string, servers map[string]string) prometheusServer {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), "prometheus", "--version").CombinedOutput()
	require.NoError(t, err)
	var major, minor int
	_, err = fmt.Sscanf(string(version), "prometheus, version %d.%d", &major, &minor)
	require.NoError(t, err, "%s", version)
	config := "global:\n  scrape_interval: " + interval + "\n"
	if major*100+minor >= 308 { // until then a flag enabled it
		config += "  scrape_native_histograms: true\n"
	}
	config += "scrape_configs:\n"
	for name, url := range servers {
		config += fmt.Sprintf("- {job_name: %s, static_configs: [{targets: [%q]}]}\n", name, strings.TrimPrefix(url, "http://"))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	for range 5 { // somebody else may be given the port before it listens
		port, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		p := prometheusServer{port.Addr().String()}
		require.NoError(t, port.Close())
		if p.start(t, dir, file) {
			return p
		}
	}
	require.Fail(t, "Prometheus does not start")
	return prometheusServer{}
}

func (p prometheusServer) start(t *testing.T, dir, file string) bool {
	t.Helper()
	log := new(logged)
	cmd := exec.CommandContext(t.Context(), "prometheus", "--config.file="+file, "--storage.tsdb.path="+t.TempDir(),
		"--web.listen-address="+p.address, "--enable-feature=native-histograms", "--log.level=warn")
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for range 1200 {
		if response, err := http.Get("http://" + p.address + "/-/ready"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// query evaluates an expression; at is a time, or zero for now. ok is false when there is no value.
func (p prometheusServer) query(t *testing.T, expression string, at time.Time) (value float64, ok bool) {
	t.Helper()
	parameters := url.Values{"query": {expression}}
	if !at.IsZero() {
		parameters.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	response, err := http.Get("http://" + p.address + "/api/v1/query?" + parameters.Encode())
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var result struct {
		Status, Error string
		Data          struct {
			Result []struct{ Value []any }
		}
	}
	require.NoError(t, json.Unmarshal(body, &result))
	require.Equal(t, "success", result.Status, "%s: %s", expression, result.Error)
	if len(result.Data.Result) == 0 || len(result.Data.Result[0].Value) == 0 {
		return 0, false
	}
	value, err = strconv.ParseFloat(result.Data.Result[0].Value[1].(string), 64)
	require.NoError(t, err)
	return value, true
}

// eventually waits for an expression to have a value, and returns it.
func (p prometheusServer) eventually(t *testing.T, expression string) (value float64) {
	t.Helper()
	require.Eventually(t, func() (ok bool) {
		value, ok = p.query(t, expression, time.Time{})
		return ok
	}, time.Minute, 100*time.Millisecond, expression)
	return value
}
