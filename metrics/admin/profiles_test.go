package admin_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

// fetch gets a page with the token into a file.
func fetch(t *testing.T, server *httptest.Server, page string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+page, nil)
	require.NoError(t, err)
	r.SetBasicAuth("x", token)
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	file := filepath.Join(t.TempDir(), "dump")
	require.NoError(t, os.WriteFile(file, body, 0o600))
	return file
}

// The tools read what they get.
func TestDumpsAreReadable(t *testing.T) { readDumps(t, "1") } //nolint:paralleltest // a process has one CPU profile and one flight recorder

// The same with a profile of the usual length.
func TestCampaignDumpsAreReadable(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN, as make campaign does")
	}
	readDumps(t, "30")
}

func readDumps(t *testing.T, seconds string) {
	t.Helper()
	tasks := new(admin.Tasks)
	_, err := tasks.Add(admin.Task{Name: "slow", Run: func(context.Context) error { time.Sleep(20 * time.Millisecond); return nil }})
	require.NoError(t, err)
	h := surface(t, admin.Config{Authorize: authorized(t), Flight: 5 * time.Second, Tasks: tasks, Logger: quiet()})
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = time.Millisecond // which a profile outlasts
	server.Start()
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- h.Run(ctx) }()
	require.Eventually(t, func() bool { return h.WriteFlight(io.Discard) == nil }, time.Minute, time.Millisecond)
	require.ErrorContains(t, h.Run(t.Context()), "is running already")

	busy, idle := context.WithCancel(t.Context())
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		for busy.Err() == nil {
			burn()
		}
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/tasks/slow", nil)
	require.NoError(t, err)
	response, err := server.Client().Do(withToken(r))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	out, err := exec.Command("go", "tool", "pprof", "-top", fetch(t, server, "/pprof/profile?seconds="+seconds)).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "admin_test.burn")
	for _, page := range []string{"/pprof/heap?gc=1", "/pprof/goroutine", "/pprof/allocs", "/pprof/mutex", "/pprof/threadcreate"} {
		out, err = exec.Command("go", "tool", "pprof", "-top", fetch(t, server, page)).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "Showing nodes", page)
	}
	for _, page := range []string{"/pprof/trace?seconds=0.1", "/flight"} {
		out, err = exec.Command("go", "tool", "trace", "-d=parsed", fetch(t, server, page)).CombinedOutput()
		require.NoError(t, err, string(out[:min(len(out), 1000)]))
		require.Contains(t, string(out), "admin_test.burn", page)
	}
	idle()
	<-worked
	cancel()
	require.NoError(t, <-running)
	require.ErrorIs(t, h.WriteFlight(io.Discard), admin.ErrNoFlight)
	require.NoError(t, h.Run(ctx), "it may run again")
	require.Equal(t, http.StatusServiceUnavailable, ask(h, http.MethodGet, "/flight", "", bearer()...).Code)
}

//go:noinline
func burn() (sum int) {
	for i := range 1_000_000 {
		sum += i * i
	}
	runtime.Gosched()
	return sum
}

// A second profile is refused, and a client that goes makes room for the next.
func TestOneProfileAtATime(t *testing.T) { //nolint:paralleltest // as above
	h := surface(t, admin.Config{Authorize: authorized(t), MaxProfile: time.Minute, Logger: quiet()})
	for _, page := range []string{"/pprof/profile", "/pprof/trace"} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil { // until it is not the one that is refused
				h.ServeHTTP(httptest.NewRecorder(), withToken(httptest.NewRequestWithContext(ctx, http.MethodGet, page+"?seconds=60", nil)))
			}
		}()
		var refused *httptest.ResponseRecorder
		require.Eventually(t, func() bool {
			refused = ask(h, http.MethodGet, page+"?seconds=0.001", "", bearer()...)
			return refused.Code == http.StatusConflict
		}, time.Minute, time.Millisecond)
		require.Contains(t, refused.Body.String(), "another one is being taken")
		require.Empty(t, refused.Header().Get("Content-Disposition"))
		cancel()
		<-done
		require.Equal(t, http.StatusOK, ask(h, http.MethodGet, page+"?seconds=0.001", "", bearer()...).Code)
		for _, wrong := range []string{"0", "-1", "NaN", "x", "61", "1e300"} {
			require.Equal(t, http.StatusBadRequest, ask(h, http.MethodGet, page+"?seconds="+wrong, "", bearer()...).Code, wrong)
		}
	}
	require.True(t, bytes.Contains(ask(h, http.MethodGet, "/goroutines?debug=2", "", bearer()...).Body.Bytes(), []byte("TestOneProfileAtATime")))
}

func withToken(r *http.Request) *http.Request {
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
