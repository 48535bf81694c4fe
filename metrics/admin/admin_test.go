package admin_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

var update = flag.Bool("update", false, "write the golden files")

// Every page, for machines and for browsers, as it was when a person looked at it.
func TestPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := whole(t)
		c.Flight = time.Second // it is not run
		h := surface(t, c)
		time.Sleep(90 * time.Second)
		for _, page := range []string{
			"/", "/status", "/health/", "/health/livez", "/health/readyz?verbose", "/info", "/sbom", "/windows/", "/windows/?window=10s", "/windows/?match=system*",
			"/windows/http_request_duration_seconds", "/windows/none", "/windows/?window=26h", "/report", "/report?window=1m", "/report?format=markdown",
			"/report?format=text", "/metrics", "/loggers", "/loggers/app", "/loggers/app/db", "/loggers/none", "/tasks", "/tasks/cleanup", "/tasks/none", "/exchanges", "/goroutines", "/goroutines?debug=2",
			"/pprof/", "/pprof/none", "/pprof/profile?seconds=0", "/pprof/trace?seconds=1000", "/flight", "/config", "/breakers", "/breakers/none", "/broken", "/heap", "/none", "/style.css",
		} {
			for _, accept := range []string{"*/*", "text/html,application/xhtml+xml"} {
				w := ask(h, http.MethodGet, page, "", append(bearer(), "Accept", accept)...)
				name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(page, "-"), "-")
				if name == "" {
					name = "index"
				}
				if accept != "*/*" {
					name += ".html"
				}
				golden(t, name, page, w)
				if accept != "*/*" && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
					wellFormed(t, page, w.Body.String())
				}
			}
		}
	})
}

// volatile is what differs between machines and versions of Go.
var volatile = []struct{ find, with string }{
	{`"go": "[^"]*"`, `"go": "GO"`},
	{`"(host|platform|main_package|main_module|revision|revision_time)": "[^"]*"`, `"$1": "…"`},
	{`"(pid|cpus|gomaxprocs|heap_bytes|goroutines|gc_cycles|memory_limit_bytes|modules|count)": \d+`, `"$1": 0`},
	{`"modified": (true|false)`, `"modified": false`},
	{`(?s)"build": \{.*?\n  \}`, `"build": {}`},
	{`(?s)"components": \[.*\]`, `"components": []`},
	{`(?s)(<th>(host|pid|cpus|gomaxprocs|heap|goroutines|gc cycles|memory limit|modules|go|platform|main package|main module|revision|modified)</th><td>).*?</td>`, `$1…</td>`},
	{`(?s)<th>build</th><td>.*</table>`, `<th>build</th><td>`},
	{`(?s)<h2>components</h2>.*</table></div>`, `<h2>components</h2>`},
	{`<td class="number">\d+</td>`, `<td class="number">0</td>`},
	{`(?s)<pre>goroutine.*?</pre>`, `<pre>…</pre>`},
}

// golden compares an answer with the file of its name.
func golden(t *testing.T, name, page string, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	if strings.HasPrefix(body, "goroutine") {
		body = "goroutine…\n"
	}
	if page == "/info" || page == "/sbom" || strings.HasPrefix(page, "/pprof") || strings.HasPrefix(page, "/goroutines") {
		for _, v := range volatile {
			body = regexp.MustCompile(v.find).ReplaceAllString(body, v.with)
		}
	}
	body = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+([+-]\d\d:\d\d)`).ReplaceAllStringFunc(body, func(at string) string { // the machine's own zone
		parsed, err := time.Parse(time.RFC3339Nano, at)
		require.NoError(t, err)
		return parsed.UTC().Format(time.RFC3339Nano)
	})
	body = regexp.MustCompile(`until \d{4}-[-\d: ]+`).ReplaceAllString(body, "until …")
	got := fmt.Sprintf("%d %s\n\n%s", w.Code, w.Header().Get("Content-Type"), body)
	file := filepath.Join("testdata", "pages", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./metrics/admin -run TestPages -update makes it")
	require.Equal(t, string(want), got, page)
}

// wellFormed sees that every element of a page is closed.
func wellFormed(t *testing.T, page, html string) {
	t.Helper()
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>`).FindAllStringSubmatch(html, -1) {
		switch {
		case m[1] == "/":
			require.NotEmpty(t, open, page)
			require.Equal(t, open[len(open)-1], m[2], page)
			open = open[:len(open)-1]
		case m[2] != "meta" && m[2] != "link":
			open = append(open, m[2])
		}
	}
	require.Empty(t, open, page)
}

// All links lead somewhere, wherever the surface is mounted.
func TestBasePaths(t *testing.T) {
	t.Parallel()
	h := surface(t, whole(t))
	mount := func(pattern string, handler http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, handler)
		return mux
	}
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // takes its prefix off before anybody sees it
		path, ok := strings.CutPrefix(r.URL.Path, "/proxied")
		if !ok {
			http.NotFound(w, r)
			return
		}
		inner := httptest.NewRequest(r.Method, path, nil)
		inner.Header = r.Header
		h.ServeHTTP(w, inner)
	})
	for _, tt := range []struct {
		name, at string
		handler  http.Handler
	}{
		{"root", "/", h},
		{"mux at root", "/", mount("/", h)},
		{"mux", "/admin/", mount("/admin/", h)},
		{"mux with host and method", "/admin/", mount("GET example.com/admin/", h)},
		{"mux with a wildcard", "/acme/admin/", mount("/{tenant}/admin/", h)},
		{"rest wildcard", "/admin/", mount("/admin/{rest...}", h)},
		{"stripped", "/ops/admin/", mount("/ops/admin/", http.StripPrefix("/ops/admin", h))},
		{"proxied", "/proxied/", proxy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			links(t, tt.handler, tt.at, tt.at, seen)
			for _, page := range []string{"", "style.css", "health/", "windows/", "windows/jobs_total", "loggers/", "tasks/", "exchanges/", "pprof/", "pprof/heap", "config/", "breakers/", "goroutines/"} {
				require.True(t, seen[tt.at+page], "%s of %v", page, seen)
			}
		})
	}
	for _, tt := range []struct {
		at, to  string
		handler http.Handler
	}{
		{"/admin", "/admin/", mount("/admin", h)},
		{"/ops/admin", "/ops/admin/", mount("/ops/admin", http.StripPrefix("/ops/admin", h))},
	} {
		w := ask(tt.handler, http.MethodGet, tt.at, "")
		require.Equal(t, http.StatusPermanentRedirect, w.Code)
		require.Equal(t, tt.to, resolved(t, tt.at, w.Header().Get("Location")), "the index is a folder")
	}
}

// links follows all links from a page.
func links(t *testing.T, h http.Handler, base, page string, seen map[string]bool) {
	t.Helper()
	bare, _, _ := strings.Cut(page, "?")
	if seen[bare] || strings.Contains(page, "seconds=") {
		return
	}
	seen[bare] = true
	w := ask(h, http.MethodGet, page, "", append(bearer(), "Accept", "text/html")...)
	if !strings.Contains(page, "broken") {
		require.Equal(t, http.StatusOK, w.Code, page)
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return
	}
	for _, m := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(w.Body.String(), -1) {
		to := resolved(t, page, strings.ReplaceAll(m[1], "&amp;", "&"))
		require.True(t, strings.HasPrefix(to, base), "%s on %s leads out", m[1], page)
		links(t, h, base, to, seen)
	}
}

func resolved(t *testing.T, page, link string) string {
	t.Helper()
	from := httptest.NewRequest(http.MethodGet, page, nil).URL
	to, err := from.Parse(link)
	require.NoError(t, err)
	return to.RequestURI()
}

// What browsers may do is little, whatever a part says.
func TestHeaders(t *testing.T) {
	t.Parallel()
	c := whole(t)
	c.Parts = append(c.Parts, admin.Part{Name: "lax", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src *")
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Of-Its-Own", "yes")
		_, _ = w.Write([]byte("<p>a page of its own</p>"))
	})})
	h := surface(t, c)
	for _, page := range []string{"/", "/none", "/lax", "/metrics", "/goroutines", "/health/livez", "/exchanges", "/style.css", "/pprof/heap"} {
		for _, auth := range [][]string{nil, bearer()} {
			header := ask(h, http.MethodGet, page, "", auth...).Header()
			require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", header.Get("Content-Security-Policy"), page)
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
			require.Equal(t, "DENY", header.Get("X-Frame-Options"))
			require.Equal(t, "same-origin", header.Get("Referrer-Policy"))
			require.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"))
		}
	}
	w := ask(h, http.MethodGet, "/lax", "")
	require.Equal(t, "yes", w.Header().Get("X-Of-Its-Own"))
	require.Equal(t, "<p>a page of its own</p>", w.Body.String())
}

// What a part shows is text, never markup.
func TestMarkupIsText(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert('x')</script>`
	c := admin.Config{Service: evil, Version: evil, Environment: evil, Logger: quiet(), Levels: map[string]admin.Leveler{evil: level{}}, Authorize: authorized(t), Tasks: new(admin.Tasks)}
	_, err := c.Tasks.Add(admin.Task{Name: evil, About: evil, Run: func(context.Context) error { return nil }})
	require.NoError(t, err)
	c.Parts = []admin.Part{{Name: "x", Title: evil, About: evil, Value: func(context.Context) (any, error) {
		return map[string]any{evil: evil, "list": []any{map[string]any{evil: evil, "name": evil}, map[string]any{"at": "2020-01-01T00:00:00Z"}}, "lines": evil + "\n" + evil}, nil
	}}, {Name: "y", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.FormValue("type"))
		_, _ = w.Write([]byte("text " + evil))
	})}}
	h := surface(t, c)
	for _, page := range []string{"/", "/x", "/y?type=text/plain", "/y?type=nonsense//", "/y?type=application/json", "/loggers/", "/tasks/", "/x?" + evil, "/y/" + "%3Cscript%3E?type=text/plain"} {
		page = strings.NewReplacer("<", "%3C", ">", "%3E", `"`, "%22", "'", "%27").Replace(page)
		w := ask(h, http.MethodGet, page, "", append(bearer(), "Accept", "text/html")...)
		require.Equal(t, http.StatusOK, w.Code, page)
		require.Contains(t, w.Header().Get("Content-Type"), "text/html", page)
		require.NotContains(t, w.Body.String(), "<script", page)
		wellFormed(t, page, w.Body.String())
	}
}
