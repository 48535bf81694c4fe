package admin_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/health"
)

// counting counts what is read of a body.
type counting struct{ n int }

func (c *counting) Read(b []byte) (int, error) { c.n += len(b); return len(b), nil }

// Nothing is read of a body before somebody has allowed it, and then little.
func TestBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	h := surface(t, whole(t))
	for _, media := range []string{"multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json"} {
		for _, page := range []string{"/none", "/goroutines", "/status", "/", "/loggers/app", "/tasks/reindex", "/windows/", "/style.css", "/pprof/profile", "/metrics", "/config"} {
			body := new(counting)
			r := httptest.NewRequest(http.MethodPost, page, body)
			r.Header.Set("Content-Type", media)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.GreaterOrEqual(t, w.Code, 400, page)
			require.Zero(t, body.n, "%s of %s", page, media)
		}
		body := new(counting)
		r := withToken(httptest.NewRequest(http.MethodPost, "/loggers/app", body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.LessOrEqual(t, body.n, 8<<10, media)
	}
	w := ask(h, http.MethodPost, "/none", "format=html", "Content-Type", "application/x-www-form-urlencoded")
	require.Contains(t, w.Header().Get("Content-Type"), "application/json", "the body decides nothing")
}

// What browsers send with a form of ours is let in: over plain HTTP they name the origin and nothing else.
func TestFormsOfBrowsers(t *testing.T) {
	t.Parallel()
	c := whole(t)
	c.TrustedOrigins = []string{"https://ops.example.org"}
	h := surface(t, c)
	for origin, want := range map[string]int{"http://example.com": 200, "https://ops.example.org": 200, "http://ops.example.org": 403, "http://example.com:81": 403} {
		require.Equal(t, want, ask(h, http.MethodPost, "/loggers/app", "level=debug&for=1m", append(bearer(), "Origin", origin, "Content-Type", "application/x-www-form-urlencoded")...).Code, origin)
	}
	_, err := admin.New(admin.Config{TrustedOrigins: []string{"ops.example.org"}})
	require.ErrorContains(t, err, `TrustedOrigins has "ops.example.org"`)
}

// A change needs what the part needs, too; and what only looks safe is refused from other sites.
func TestNeeds(t *testing.T) {
	t.Parallel()
	c := whole(t)
	c.Authorize = authorized(t, admin.Change)
	ran := 0
	c.Parts = append(c.Parts,
		admin.Part{Name: "dump", Access: admin.Dump, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ })},
		admin.Part{Name: "act", Access: admin.Change, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ })},
	)
	h := surface(t, c)
	require.Equal(t, 401, ask(h, http.MethodPost, "/dump", "", bearer()...).Code)
	require.Equal(t, 401, ask(h, http.MethodGet, "/act", "").Code)
	require.Zero(t, ran)
	require.Equal(t, 200, ask(h, http.MethodGet, "/act", "", bearer()...).Code)
	c.Authorize = authorized(t)
	h = surface(t, c)
	require.Equal(t, 200, ask(h, http.MethodPost, "/dump", "", bearer()...).Code)
	for _, site := range []string{"cross-site", "same-site"} {
		for _, page := range []string{"/act", "/dump", "/pprof/profile?seconds=60", "/goroutines", "/exchanges"} {
			require.Equal(t, 403, ask(h, http.MethodGet, page, "", append(bearer(), "Sec-Fetch-Site", site)...).Code, page)
		}
	}
	require.Equal(t, 2, ran)
	require.Equal(t, 200, ask(h, http.MethodGet, "/dump", "", append(bearer(), "Sec-Fetch-Site", "none")...).Code)
}

// Who may not look learns nothing, and is noticed.
func TestRestrict(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := whole(t)
	c.Restrict, c.Logger = true, slog.New(slog.NewTextHandler(&log, nil))
	h := surface(t, c)
	for _, page := range []string{"/", "/none", "/status", "/breakers", "/health/livez", "/pprof/", "/metrics"} {
		for _, accept := range []string{"*/*", "text/html"} {
			w := ask(h, http.MethodGet, page, "", "Accept", accept)
			require.Equal(t, http.StatusUnauthorized, w.Code, page)
			for _, told := range []string{"orders", "production", "v1.4.2"} {
				require.NotContains(t, w.Body.String(), told, page)
			}
		}
	}
	require.Contains(t, log.String(), `level=WARN msg="admin access refused" access=look method=GET path=/none status=401 remote=192.0.2.1:1234`)
	require.Equal(t, http.StatusUnauthorized, ask(h, http.MethodPost, "/style.css", "").Code)
	_, err := admin.Token(token + "\n")
	require.ErrorContains(t, err, "has a space or a line end")
}

// A client cannot have a part's answer cut, compressed or left as it was.
func TestClientsCannotChooseTheForm(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.conf")
	require.NoError(t, os.WriteFile(file, []byte("listen=80\npassword=hunter2\n"), 0o600))
	var seen http.Header
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{
		{Name: "file", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen = r.Header; http.ServeFile(w, r, file) })},
		{Name: "zipped", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "password=hunter2")
			_ = z.Close()
		})},
		{Name: "wide", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-16")
			_, _ = w.Write([]byte("p\x00a\x00s\x00s\x00"))
		})},
		{Name: "page", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<h1>password=hunter2</h1>") })},
	}})
	for _, headers := range [][]string{nil, {"Range", "bytes=19-"}, {"Range", "bytes=0-5,6-"}, {"If-Modified-Since", "Sun, 01 Jan 2090 00:00:00 GMT"}, {"Accept-Encoding", "gzip"}, {"Accept", "text/html"}} {
		w := ask(h, http.MethodGet, "/file", "", headers...)
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), "password=••••")
		require.NotContains(t, w.Body.String(), "hunter2")
		for _, gone := range []string{"Content-Range", "Accept-Ranges", "Last-Modified", "Content-Length"} {
			require.Empty(t, w.Header().Get(gone), gone)
		}
		require.Empty(t, seen.Get("Accept-Encoding"))
	}
	for _, page := range []string{"/zipped", "/wide"} {
		w := ask(h, http.MethodGet, page, "")
		require.Equal(t, http.StatusInternalServerError, w.Code)
		require.Contains(t, w.Body.String(), "cannot be masked")
		require.Empty(t, w.Header().Get("Content-Encoding"))
	}
	w := ask(h, http.MethodGet, "/page", "")
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"), "nobody has said that it is markup")
	require.NotContains(t, w.Body.String(), "hunter2")
}

// A part that goes wrong takes nothing with it.
func TestPartsThatGoWrong(t *testing.T) {
	t.Parallel()
	var late sync.WaitGroup
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{
		{Name: "deep", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat("[", 3<<20))
		})},
		{Name: "deep-text", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(`{"a":`, 500_000))
		})},
		{Name: "late", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "on time")
			for range 4 {
				late.Go(func() {
					for {
						if _, err := io.WriteString(w, "."); err != nil {
							return
						}
						w.(http.Flusher).Flush()
					}
				})
			}
		})},
		{Name: "status", Title: "x", Handler: http.NotFoundHandler()},
	}[:3]})
	w := ask(h, http.MethodGet, "/deep", "")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "nested too deeply")
	require.Equal(t, http.StatusOK, ask(h, http.MethodGet, "/deep-text", "").Code)
	for range 20 {
		require.Contains(t, ask(h, http.MethodGet, "/late", "").Body.String(), "on time")
		late.Wait()
	}
	for code, want := range map[int]int{1000: 500, 99: 500, 101: 200, 204: 204, 418: 418} {
		c := admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			if _, err := io.WriteString(w, "text"); code == 204 && !errors.Is(err, http.ErrBodyNotAllowed) {
				panic(fmt.Sprint("a body after 204: ", err))
			}
		})}}}
		require.Equal(t, want, ask(surface(t, c), http.MethodGet, "/x", "").Code, code)
	}
}

// Whoever waits has an end.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		h := surface(t, admin.Config{Health: hangs, Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}}})
		for page, want := range map[string]string{"/x": "deadline exceeded", "/status": `"status": "up"`, "/": "admin"} {
			began := time.Now()
			accept := "*/*"
			if page == "/" {
				accept = "text/html"
			}
			require.Contains(t, ask(h, http.MethodGet, page, "", "Accept", accept).Body.String(), want)
			require.Equal(t, 10*time.Second, time.Since(began), page)
		}
	})
	for _, sick := range []any{"panic", http.ErrAbortHandler} {
		h := surface(t, admin.Config{Health: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(sick) }), Logger: quiet()})
		require.Contains(t, ask(h, http.MethodGet, "/status", "").Body.String(), `"status": "unknown"`)
	}
}

// An order that comes while an earlier one ends is not undone by that.
func TestOrdersAndEndsAtTheSameTime(t *testing.T) {
	t.Parallel()
	app := new(slog.LevelVar)
	h := surface(t, admin.Config{Levels: map[string]admin.Leveler{"app": app}, Authorize: authorized(t), Logger: quiet()})
	for range 2000 {
		ask(h, http.MethodPost, "/loggers/app?level=warn&for=20us", "", bearer()...)
		for began := time.Now(); time.Since(began) < 20*time.Microsecond; {
		}
		ask(h, http.MethodPost, "/loggers/app?level=debug&for=1h", "", bearer()...)
		require.Equal(t, slog.LevelDebug, app.Level())
		ask(h, http.MethodDelete, "/loggers/app", "", bearer()...)
		require.Equal(t, slog.LevelInfo, app.Level())
	}
}

// What is asked of a running task at the same time is refused, with the time when that began.
func TestTasksAtTheSameTime(t *testing.T) {
	t.Parallel()
	tasks := new(admin.Tasks)
	run, err := tasks.Add(admin.Task{Name: "x", Run: func(context.Context) error { return nil }})
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2000 {
				if err := run(t.Context()); err != nil && strings.Contains(err.Error(), "0001") {
					t.Error(err)
				}
				tasks.List()
			}
		})
	}
	all.Wait()
}

// broken is a client that is gone.
type broken struct{ http.ResponseWriter }

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

// A trace that nobody reads ends at once, instead of piling up; and one that nobody gave a length is not longer than allowed.
func TestNobodyReads(t *testing.T) { //nolint:paralleltest // a process has one trace
	h := surface(t, admin.Config{Authorize: authorized(t), MaxProfile: time.Hour, Logger: quiet()})
	h.ServeHTTP(broken{httptest.NewRecorder()}, withToken(httptest.NewRequest(http.MethodGet, "/pprof/trace?seconds=3000", nil)))
	for query, want := range map[string]time.Duration{"": time.Minute, "?seconds=2.5": 2500 * time.Millisecond, "?seconds=60": time.Minute, "?seconds=60.1": 0} {
		h = surface(t, admin.Config{MaxProfile: time.Minute, Logger: quiet()})
		require.Equal(t, want, admin.ProfileLength(h, httptest.NewRequest(http.MethodGet, "/"+query, nil), time.Hour), query)
	}
}

// A table is not larger than what is in it.
func TestTablesAreBounded(t *testing.T) {
	t.Parallel()
	var rows []map[string]int
	for i := range 2000 {
		rows = append(rows, map[string]int{fmt.Sprintf("n%d", i): i})
	}
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) { return rows, nil }}}})
	require.Less(t, ask(h, http.MethodGet, "/x", "", "Accept", "text/html").Body.Len(), 20*ask(h, http.MethodGet, "/x", "").Body.Len())
}

// The report of envcfg, which has texts for browsers, is a table and JSON here.
func TestReportOfConfiguration(t *testing.T) {
	t.Parallel()
	var cfg struct {
		Port     int           `env:"PORT" default:"8080"`
		TokenTTL time.Duration `env:"TOKEN_TTL" default:"10m"`
		Password envcfg.Secret `env:"DB_PASSWORD"`
	}
	report, err := envcfg.Explain(&cfg, envcfg.Options{Environ: []string{"DB_PASSWORD=hunter2", "PORT=81", "TOKEN_TTL=5m"}})
	require.NoError(t, err)
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "config", Handler: report}}})
	w := ask(h, http.MethodGet, "/config", "", "Accept", "text/html,*/*;q=0.8")
	require.Contains(t, w.Body.String(), `<table class="rows">`)
	for _, page := range []string{"/config", "/config?format=json"} {
		w = ask(h, http.MethodGet, page, "", "Accept", "text/html,*/*;q=0.8")
		require.NotContains(t, w.Body.String(), "hunter2")
		require.Contains(t, w.Body.String(), "5m")
	}
	require.Contains(t, w.Header().Get("Content-Type"), "application/json")
	require.Contains(t, ask(h, http.MethodGet, "/config?format=text", "").Header().Get("Content-Type"), "text/plain")
}

func TestRedirectsStayHere(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/{tenant}", surface(t, whole(t)))
	for asked, want := range map[string]string{
		"/https:evil.example": "./https:evil.example/", `/\\evil.example`: "./%5C%5Cevil.example/", "/admin?format=html": "./admin/?format=html", "http://example.com/admin": "./admin/",
	} {
		w := ask(mux, http.MethodGet, asked, "")
		require.Equal(t, http.StatusPermanentRedirect, w.Code, asked)
		require.Equal(t, want, w.Header().Get("Location"), asked)
	}
	c := whole(t)
	c.Parts = append(c.Parts, admin.Part{Name: "ops", Value: func(context.Context) (any, error) { return "treasure", nil }})
	outer := http.NewServeMux()
	outer.Handle("/ops/", http.StripPrefix("/ops", surface(t, c)))
	require.Contains(t, ask(outer, http.MethodGet, "/ops/ops/", "").Body.String(), "treasure", "a part may have the name of the mount")
}

// Figures are written for people.
func TestFigures(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"took_seconds": 0.0123456, "wait_ns": 1234567, "up_seconds": 3725.4, "size_bytes": 1536, "big_bytes": 5 << 40, "usage_ratio": 0.256, "speed_ratio": 3.5, "eons_seconds": 1e12, "count": 1234567, "share": 0.123456,
		"at": time.Now().Add(-90 * time.Minute), "next": time.Now().Add(50 * time.Hour), "nothing": nil, "empty": []int{}, "text": "a\nb",
	}
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) { return values, nil }}}})
	html := ask(h, http.MethodGet, "/x", "", "Accept", "text/html").Body.String()
	for _, cell := range []string{
		"<th>took</th><td>12.3ms<", "<th>wait</th><td>1.23ms<", "<th>up</th><td>1h2m5s<", "<th>size</th><td>1.5 KiB<", "<th>big</th><td>5 TiB<", "<th>usage</th><td>25.6 %<", "<th>speed</th><td>3.5<",
		"<th>eons</th><td>1000000000000<", "<th>count</th><td>1234567<", "<th>share</th><td>0.1235<", "90 min ago", "2 days from now", `<td><span class="quiet">–</span>`, "none", "<pre>a\nb</pre>",
	} {
		require.Contains(t, html, cell)
	}
}

func TestStatusOfFailures(t *testing.T) {
	t.Parallel()
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":"warn"}`)
	})
	require.Contains(t, ask(surface(t, admin.Config{Health: down, Logger: quiet()}), http.MethodGet, "/status", "").Body.String(), `"status": "down"`)
	r := new(metrics.Registry)
	for code, n := range map[string]int{"200": 6, "404": 1, "500": 1, "503": 1, "aborted": 1} {
		for range n {
			r.Histogram("http_request_duration_seconds", metrics.Label{Name: "code", Value: code}).Observe(0.1)
		}
	}
	h := surface(t, admin.Config{Registry: r, Logger: quiet(), Levels: map[string]admin.Leveler{"app": new(slog.LevelVar)}})
	require.Contains(t, ask(h, http.MethodGet, "/status", "").Body.String(), `"failed_requests_ratio": 0.3,`)
	require.NotContains(t, ask(h, http.MethodGet, "/loggers/", "", "Accept", "text/html").Body.String(), "<form", "which nobody may send")
}

// What linker flags set may be secret.
func TestBuildSettings(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]string{"-ldflags": "••••", "GOOS": "linux"}, admin.BuildSettings(map[string]string{"-ldflags": "-s -X main.token=hunter2", "GOOS": "linux"}))
	require.Equal(t, map[string]string{"-ldflags": "-s -w"}, admin.BuildSettings(map[string]string{"-ldflags": "-s -w"}))
	require.Equal(t, "pkg:golang/example.com/x@v1.2.3%2Bincompatible", admin.PURL("example.com/x", "v1.2.3+incompatible"))
}

// Checks may be called after what they check, and their state is shown.
func TestOwnPagesAreMaskedByTextOnly(t *testing.T) {
	t.Parallel()
	probes := &health.Handler{Logger: quiet(), ShowErrors: func(*http.Request) bool { return true }}
	require.NoError(t, probes.Add(health.Check{Name: "token", Severity: health.Degraded, Func: func(context.Context) error { return errors.New("refused password=hunter2") }}))
	r := new(metrics.Registry)
	r.Counter("auth", metrics.Label{Name: "token", Value: "refresh"}).Inc()
	h := surface(t, admin.Config{Health: probes, Registry: r, Logger: quiet()})
	require.Contains(t, ask(h, http.MethodGet, "/status", "").Body.String(), `"token": "fail"`)
	body := ask(h, http.MethodGet, "/health/", "").Body.String()
	require.Contains(t, body, `"status": "fail"`)
	require.Contains(t, body, `"output": "refused password=••••"`)
	require.Contains(t, ask(h, http.MethodGet, "/windows/auth_total", "").Body.String(), `"token": "refresh"`)
	require.Equal(t, "ok", ask(h, http.MethodGet, "/health/livez", "", "Accept", "*/*").Body.String(), "as orchestrators expect")
}

// What goes with an answer fits it; what a panic says stays out of the log, but for where it was.
func TestAroundAnswers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := surface(t, admin.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Parts: []admin.Part{
		{Name: "file", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Disposition", "attachment")
			w.Header().Set("Content-Length", "19")
			w.Header().Set("Vary", "Cookie")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "password=hunter2xyz")
		})},
		{Name: "picture", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/svg+xml")
			w.Header().Set("Content-Length", "6")
			_, _ = io.WriteString(w, "<svg/>")
		})},
		{Name: "panics", Value: func(context.Context) (any, error) { panic("password=hunter2") }},
	}})
	w := ask(h, http.MethodGet, "/file", "")
	require.Equal(t, []string{"Cookie", "Accept"}, w.Header().Values("Vary"))
	require.Equal(t, "attachment", w.Header().Get("Content-Disposition"))
	require.Empty(t, w.Header().Get("Content-Length"))
	require.Empty(t, ask(h, http.MethodGet, "/file", "", "Accept", "text/html").Header().Get("Content-Disposition"))
	w = ask(h, http.MethodGet, "/picture", "", "Accept", "text/html")
	require.Equal(t, "<svg/>", w.Body.String())
	require.Equal(t, "6", w.Header().Get("Content-Length"))
	require.Equal(t, http.StatusInternalServerError, ask(h, http.MethodGet, "/panics", "").Code)
	require.Contains(t, log.String(), "TestAroundAnswers")
	require.NotContains(t, log.String(), "hunter2")
}

// An address that is long costs nothing, and is not logged whole.
func TestLongAddresses(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := surface(t, admin.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	r := httptest.NewRequest(http.MethodPost, "/status", nil)
	r.URL.Path = "/status/" + strings.Repeat("key=[\n", 100_000)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Less(t, log.Len(), 2000)
}

// Undeclared answers are texts, whatever they begin like; a mask of the host leaves types alone.
func TestUndeclaredAnswersAreMasked(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"", "garbage", "application/jsonl", "application/json5", "application/csv", "text/x-log", "multipart/mixed; boundary=x", "message/http", "application/x-properties"} {
		for _, begin := range []string{"BM-01 ", "ID3 ", "\x01", "<h1>", "%PDF-1.4 ", "{"} {
			h := surface(t, admin.Config{Logger: quiet(), Mask: func(s string) string { return s + "!" }, Parts: []admin.Part{{Name: "x", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if media != "" {
					w.Header().Set("Content-Type", media)
				}
				_, _ = io.WriteString(w, begin+"database password=hunter2")
			})}}})
			w := ask(h, http.MethodGet, "/x", "")
			require.NotContains(t, w.Body.String(), "hunter2", media)
			require.NotContains(t, w.Header().Get("Content-Type"), "!")
		}
	}
}

// A page of another site has no profile made, also where browsers only say which page it was; nor does a request for the header.
func TestProfilesForNobody(t *testing.T) { //nolint:paralleltest // a process has one profile
	h := surface(t, admin.Config{Authorize: admin.AnyOf(nil, authorized(t)), Logger: quiet()})
	require.Equal(t, 403, ask(h, http.MethodGet, "/pprof/profile?seconds=300", "", append(bearer(), "Referer", "http://evil.example/x")...).Code)
	require.Equal(t, 200, ask(h, http.MethodGet, "/pprof/", "", append(bearer(), "Referer", "http://example.com/pprof/")...).Code)
	require.Equal(t, 200, ask(h, http.MethodHead, "/pprof/profile?seconds=300", "", bearer()...).Code)
}
