package metrics_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

func ExampleHTTP() {
	registry, mux := new(metrics.Registry), http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ann") })
	handler := metrics.HTTP(registry, mux) // for the http.Server
	for _, path := range []string{"/users/1", "/users/2", "/wp-login.php"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	for _, s := range registry.Select("http_request_duration", time.Now()) {
		sum, _ := registry.Summary(s.Name, time.Minute, s.Labels...)
		fmt.Println(s.Key(), sum.Count)
	}
	// Output:
	// http_request_duration_seconds[code=200,method=GET,route=/users/{id}] 2
	// http_request_duration_seconds[code=404,method=GET,route=none] 1
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	r, mux := new(metrics.Registry), http.NewServeMux()
	release := make(chan struct{})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, req *http.Request) { _, _ = io.Copy(w, req.Body) })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // net/http ignores it, and so does the metric
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.Copy(w, io.MultiReader(failing{})); err != nil {
			http.Error(w, "it cannot be read", http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, io.MultiReader())
		w.WriteHeader(http.StatusNotFound)
	})
	mux.HandleFunc("/impossible", func(w http.ResponseWriter, _ *http.Request) {
		defer func() { _ = recover(); panic(http.ErrAbortHandler) }() // so that it is not logged
		w.WriteHeader(1000)
	})
	mux.HandleFunc("/odd", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(799) })
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/late-panic", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/flush", func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, http.NewResponseController(w).Flush())
		w.(http.Flusher).Flush()
		<-release
		_, _ = io.WriteString(w, "done")
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
		conn, _, err := w.(http.Hijacker).Hijack()
		assert.NoError(t, err)
		_, _ = io.WriteString(conn, "hello")
		_ = conn.Close()
	})
	measured := metrics.HTTP(r, mux)
	var handled sync.WaitGroup // also for the hijacked one, which Close does not wait for
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handled.Add(1)
		defer handled.Done()
		measured.ServeHTTP(w, req)
	}))
	defer server.Close()
	get := func(method, path, body string) string {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		response, err := server.Client().Do(req)
		if err != nil {
			return "error"
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	require.Equal(t, "12345", get("POST", "/echo", "12345"))
	get("GET", "/silent", "")
	get("GET", "/broken", "")
	get("GET", "/odd", "")
	get("GET", "/empty", "")
	get("POST", "/impossible", "x")
	get("HEAD", "/broken", "")
	get("BREW", "/early", "")
	require.Equal(t, "error", get("POST", "/panic", "x"))
	require.Equal(t, "error", get("POST", "/late-panic", "x"))
	get("GET", "/../../etc/passwd?x", "")

	response, err := http.Get(server.URL + "/flush") // returns when the header was flushed
	require.NoError(t, err)
	require.Contains(t, samples(t, r, "http_requests_in_flight"), "http_requests_in_flight 1")
	close(release)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "done", string(body))
	_ = response.Body.Close()

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	hello, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, "hello", string(hello))
	_ = conn.Close()
	server.Close()
	handled.Wait()

	lines := samples(t, r, "http_")
	for _, want := range []string{
		`http_request_duration_seconds_count{code="200",method="POST",route="/echo"} 1`, `http_response_size_bytes_sum{code="200",method="POST",route="/echo"} 5`,
		`http_request_size_bytes_sum{method="POST",route="/echo"} 5`, `http_request_duration_seconds_count{code="200",method="GET",route="/silent"} 1`,
		`http_request_duration_seconds_count{code="418",method="_OTHER",route="/early"} 1`, `http_request_duration_seconds_count{code="aborted",method="POST",route="/panic"} 1`,
		`http_request_duration_seconds_count{code="202",method="POST",route="/late-panic"} 1`, `http_panics_total{route="/panic"} 1`, `http_panics_total{route="/late-panic"} 1`,
		`http_response_size_bytes_sum{code="200",method="GET",route="/flush"} 4`, `http_request_duration_seconds_count{code="101",method="GET",route="/hijack"} 1`,
		`http_request_duration_seconds_count{code="404",method="GET",route="/empty"} 1`, `http_request_duration_seconds_count{code="aborted",method="POST",route="/impossible"} 1`,
		"http_requests_in_flight 0", `http_request_duration_seconds_count{code="500",method="GET",route="/broken"} 1`,
		`http_request_duration_seconds_count{code="799",method="GET",route="/odd"} 1`, `http_response_size_bytes_sum{code="500",method="HEAD",route="/broken"} 0`,
	} {
		require.True(t, slices.Contains(lines, want), want)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// flushFails is a response whose flushing fails.
type flushFails struct{ http.ResponseWriter }

func (flushFails) Flush()            {}
func (flushFails) FlushError() error { return errors.New("gone") }

// The error of a flush gets through.
func TestHTTPFlushError(t *testing.T) {
	t.Parallel()
	metrics.HTTP(metrics.Discard{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		assert.EqualError(t, http.NewResponseController(w).Flush(), "gone")
	})).ServeHTTP(flushFails{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/", nil))
}

// What cannot flush or hijack does not look as if it could.
func TestHTTPPromisesNothing(t *testing.T) {
	t.Parallel()
	check := func(flushes, hijacks bool) http.Handler {
		return metrics.HTTP(metrics.Discard{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, canFlush := w.(http.Flusher)
			_, canHijack := w.(http.Hijacker)
			assert.Equal(t, [2]bool{flushes, hijacks}, [2]bool{canFlush, canHijack})
			n, err := w.(io.StringWriter).WriteString("x")
			assert.NoError(t, err)
			assert.Equal(t, 1, n)
		}))
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	check(true, false).ServeHTTP(httptest.NewRecorder(), r)
	check(false, false).ServeHTTP(struct{ http.ResponseWriter }{httptest.NewRecorder()}, r)
	check(false, true).ServeHTTP(hijacks{httptest.NewRecorder()}, r)
	check(true, true).ServeHTTP(under{struct {
		*httptest.ResponseRecorder
		http.Hijacker
	}{httptest.NewRecorder(), nil}}, r)
}

// hijacks is a response that can be taken over, and not flushed.
type hijacks struct{ http.ResponseWriter }

func (hijacks) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// under is a response of a middleware that knows of Unwrap alone.
type under struct{ http.ResponseWriter }

func (u under) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// A connection taken over is noticed below other middleware, and where nothing can be flushed.
func TestHTTPHijackBelow(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	h := metrics.HTTP(r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := w.(http.Hijacker).Hijack()
		assert.NoError(t, err)
	}))
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	h.ServeHTTP(hijacks{httptest.NewRecorder()}, request)
	h.ServeHTTP(under{hijacks{httptest.NewRecorder()}}, request)
	counted := samples(t, r, "http_request_duration_seconds_count{")
	require.Len(t, counted, 1)
	require.Contains(t, counted[0], `="101"`)
	require.True(t, strings.HasSuffix(counted[0], " 2"), counted[0])
}

func TestWatch(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("12345"))
	})
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/panics", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	var seen []metrics.Exchange
	var patterns []string
	h := metrics.Watch(mux, func(r *http.Request, e metrics.Exchange) {
		require.WithinRange(t, time.Now(), e.Begin.Add(e.Took), e.Begin.Add(e.Took+time.Minute))
		e.Begin, e.Took = time.Time{}, 0
		seen, patterns = append(seen, e), append(patterns, r.Pattern)
	})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/users/1", nil))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/silent", nil))
	require.Panics(t, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/panics", nil)) })
	require.Equal(t, []metrics.Exchange{{Status: 202, Size: 5}, {Status: 200}, {Panicked: true}}, seen)
	require.Equal(t, []string{"GET /users/{id}", "/silent", "/panics"}, patterns)
}
