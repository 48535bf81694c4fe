package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

func TestExchanges(t *testing.T) {
	t.Parallel()
	x := &admin.Exchanges{Keep: 3}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("12345"))
	})
	mux.HandleFunc("/panics", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	h := x.Middleware(mux)
	r := httptest.NewRequest(http.MethodPost, "/users/7?b=1&a=2&a=3", strings.NewReader("xyz"))
	r.Header.Set("User-Agent", "test/1.0 "+strings.Repeat("ä", 200))
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	h.ServeHTTP(httptest.NewRecorder(), r)
	got := x.List()[0]
	require.Equal(t, "test/1.0 "+strings.Repeat("ä", 95)+"…", got.Headers["User-Agent"], "cut between letters")
	got.Headers = nil
	require.Positive(t, got.Took)
	require.False(t, got.At.IsZero())
	require.Equal(t, admin.ExchangeLog{
		At: got.At, Took: got.Took, Method: "POST", Route: "POST /users/{id}", Query: []string{"a", "b"}, Status: 201, Received: 3, Sent: 5, Remote: "192.0.2.1",
	}, got)
	require.Panics(t, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/panics", nil)) })
	require.True(t, x.List()[0].Panicked)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/nobody/knows/d41d8cd98f00", nil))
	require.Equal(t, "/nobody/knows/••••", x.List()[0].Route)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/fourth", nil))
	var routes []string
	for _, l := range x.List() {
		routes = append(routes, l.Route)
	}
	require.Equal(t, []string{"/fourth", "/nobody/knows/••••", "/panics"}, routes, "the last three")
}

// Any number of requests at the same time, of any size, is kept in bounds.
func TestExchangesAreBounded(t *testing.T) {
	t.Parallel()
	ring := &admin.Exchanges{Keep: 5}
	for i := range 12 {
		ring.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/"+string(rune('a'+i)), nil))
	}
	for i, l := range ring.List() {
		require.Equal(t, "/"+string(rune('a'+11-i)), l.Route)
	}
	x := new(admin.Exchanges)
	h := x.Middleware(http.NotFoundHandler())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/%s?%s", strings.Repeat("long/", 1000), manyNames(i, j)), nil)
				r.Header.Set("User-Agent", strings.Repeat("x", 10_000))
				h.ServeHTTP(httptest.NewRecorder(), r)
				x.List()
			}
		})
	}
	all.Wait()
	list := x.List()
	require.Len(t, list, admin.DefaultExchanges)
	for _, l := range list {
		require.LessOrEqual(t, len(l.Route), 2*200)
		require.LessOrEqual(t, len(l.Query), 20)
		require.LessOrEqual(t, len(l.Headers["User-Agent"]), 203)
	}
}

// Answers that are not text are not touched, nor kept back.
func TestStreams(t *testing.T) {
	t.Parallel()
	c := admin.Config{Logger: quiet(), Parts: []admin.Part{
		{Name: "events", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for i := 0; r.Context().Err() == nil; i++ {
				_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
				w.(http.Flusher).Flush()
			}
		})},
		{Name: "binary", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write([]byte("\x00\x01password=x"))
		})},
		{Name: "empty", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })},
		{Name: "moved", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "elsewhere", http.StatusFound) })},
		{Name: "large", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 17 {
				if _, err := w.Write([]byte(strings.Repeat("x", 1<<20))); err != nil {
					return
				}
			}
		})},
		{Name: "gone", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		{Name: "late", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("data: 1\n\n"))
			panic("too late")
		})},
		{Name: "nan", Value: func(context.Context) (any, error) { return func() {}, nil }},
	}}
	server := httptest.NewServer(surface(t, c))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", nil)
	require.NoError(t, err)
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	b := make([]byte, 9)
	_, err = response.Body.Read(b)
	require.NoError(t, err)
	require.Equal(t, "data: 0\n\n", string(b), "it came while the handler goes on")
	cancel()
	_ = response.Body.Close()

	h := surface(t, c)
	w := ask(h, http.MethodGet, "/binary", "")
	require.Equal(t, "\x00\x01password=x", w.Body.String())
	require.Equal(t, http.StatusNoContent, ask(h, http.MethodGet, "/empty", "").Code)
	w = ask(h, http.MethodGet, "/moved", "")
	require.Equal(t, http.StatusFound, w.Code)
	require.Equal(t, "/elsewhere", w.Header().Get("Location"))
	w = ask(h, http.MethodGet, "/large", "")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "too large")
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(h, http.MethodGet, "/gone", "") })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(h, http.MethodGet, "/late", "") })
	w = ask(h, http.MethodGet, "/nan", "")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "cannot be encoded")
}

func manyNames(i, j int) string {
	var b strings.Builder
	for n := range 100 {
		fmt.Fprintf(&b, "%c%c%c=%d&", 'a'+i, 'a'+n%26, 'a'+n/26, j)
	}
	return b.String()
}
