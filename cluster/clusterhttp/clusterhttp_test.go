package clusterhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/clusterhttp"
)

// writes pretends that a request has written.
func writes(r *http.Request, lsn cluster.LSN) {
	cluster.SessionOf(r.Context()).Advance(cluster.Token{Timeline: 1, LSN: lsn})
}

func sees(r *http.Request) string { return cluster.SessionOf(r.Context()).Token().String() }

func serve(t *testing.T, cfg clusterhttp.Config, h http.HandlerFunc) (*httptest.Server, *http.Client) {
	t.Helper()
	s, err := clusterhttp.New(cfg)
	require.NoError(t, err)
	server := httptest.NewTLSServer(s.Handler(h))
	t.Cleanup(server.Close)
	client := server.Client()
	client.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	return server, client
}

func get(t *testing.T, client *http.Client, url string, header ...string) (body string, answer http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	return string(b), a.Header
}

func TestWhatIsWrittenIsCarriedOn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(http.ResponseWriter){
		"a body":          func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") },
		"a status":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
		"nothing":         func(http.ResponseWriter) {},
		"what is flushed": func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"early hints": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "x")
		},
	} {
		for _, key := range [][]byte{nil, []byte("0123456789abcdef")} {
			t.Run(fmt.Sprint(name, len(key)), func(t *testing.T) {
				t.Parallel()
				server, client := serve(t, clusterhttp.Config{Key: key}, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/write" {
						writes(r, 0x100)
						end(w)
						return
					}
					_, _ = io.WriteString(w, sees(r))
				})
				body, answer := get(t, client, server.URL)
				require.Empty(t, body)
				require.Empty(t, answer.Get("Set-Cookie"), "nothing was written")
				_, answer = get(t, client, server.URL+"/write")
				require.Contains(t, answer.Get("Set-Cookie"), "; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax")
				body, answer = get(t, client, server.URL)
				require.Equal(t, "1-0/100", body)
				require.Empty(t, answer.Get("Set-Cookie"), "it is the same")
			})
		}
	}
}

func TestTokensOfOthersAreIgnored(t *testing.T) {
	t.Parallel()
	show := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, sees(r)) }
	server, client := serve(t, clusterhttp.Config{Key: []byte("0123456789abcdef"), Header: "X-Written"}, show)
	for _, text := range []string{"1-0/100", "1-0/100.", "1-0/100.AAAA", ".", "1-0/100." + strings.Repeat("A", 22), strings.Repeat("x", 5000)} {
		body, _ := get(t, client, server.URL, "Cookie", "written="+text, "X-Written", text)
		require.Empty(t, body, text)
	}
	server, client = serve(t, clusterhttp.Config{}, show)
	body, _ := get(t, client, server.URL, "Cookie", "written=nonsense", "X-Written", "1-0/100")
	require.Empty(t, body, "no header is configured")
}

func TestHeader(t *testing.T) {
	t.Parallel()
	server, client := serve(t, clusterhttp.Config{Cookie: "-", Header: "X-Written"}, func(w http.ResponseWriter, r *http.Request) {
		before := sees(r)
		writes(r, 0x200)
		_, _ = io.WriteString(w, before)
	})
	_, answer := get(t, client, server.URL)
	require.Empty(t, answer.Get("Set-Cookie"))
	require.Equal(t, "1-0/200", answer.Get("X-Written"))
	body, _ := get(t, client, server.URL, "X-Written", "1-0/100")
	require.Equal(t, "1-0/100", body)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	err := clusterhttp.Config{Cookie: "a b", Header: "a:b", MaxAge: -1, Key: []byte("short")}.Validate()
	for _, name := range []string{"Cookie", "Header", "MaxAge", "Key"} {
		require.ErrorContains(t, err, name+" ")
	}
	require.NotContains(t, err.Error(), "short")
	_, err = clusterhttp.New(clusterhttp.Config{MaxAge: -1})
	require.Error(t, err)
}

func ExampleSessions() {
	sessions, err := clusterhttp.New(clusterhttp.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// c.Writer().Exec(r.Context(), "insert ...") does this:
		cluster.SessionOf(r.Context()).Advance(cluster.Token{Timeline: 1, LSN: 0x16_b374d848})
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	fmt.Println(w.Header().Get("Set-Cookie"))
	// Output: written=1-16/B374D848; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax
}

func ExampleConfig() {
	cfg := clusterhttp.Config{Cookie: "-", Header: "X-Written"} // for services that call each other
	fmt.Println(cfg.Validate())
	// Output: <nil>
}
