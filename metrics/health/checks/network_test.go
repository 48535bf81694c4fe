package checks_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
	"github.com/prodwright/prodwright/metrics/health/checks"
)

func TestTCPAndHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ok" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	client := server.Client()
	t.Cleanup(server.Close)
	require.NoError(t, run(t, checks.TCP("api", server.Listener.Addr().String())).Err)
	require.NoError(t, run(t, checks.HTTP("api", server.URL+"/ok", client)).Err)
	r := run(t, checks.HTTP("api", server.URL+"/", client))
	require.EqualError(t, r.Err, "GET answered 418 I'm a teapot")
	require.Equal(t, 418, r.Observed["status"])
	require.Error(t, run(t, checks.HTTP("api", ":", nil)).Err)

	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	require.Error(t, run(t, checks.TCP("api", port.Addr())).Err)
	require.Error(t, run(t, checks.HTTP("api", "http://"+port.Addr(), client)).Err)
}

// The answer is the status: a stream that goes on for ever is well.
func TestHTTPThatStreams(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, checks.HTTP("api", server.URL, server.Client()).Func(ctx))
	require.NoError(t, ctx.Err(), "it waited for the end of the body")
}

func TestHTTPDoesNotShowItsURL(t *testing.T) {
	t.Parallel()
	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	for _, u := range []string{
		"http://app:hunter2%zz@host/", "http://app:hunter2@" + port.Addr() + "/?token=hunter2", "http://" + port.Addr() + "/hunter2", "hunter2",
	} {
		err := run(t, checks.HTTP("api", u, new(http.Client))).Err
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
