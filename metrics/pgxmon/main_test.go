package pgxmon_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// shared is one server for all tests that do not break theirs.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(leakChecked{m}, pgtest.Config{}, func(s *pgtest.Server) { shared = s }))
}

// leakChecked runs the tests and then looks for goroutines left behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	before := goleak.IgnoreCurrent() // those of the shared server
	code := l.m.Run()
	if code == 0 {
		if err := goleak.Find(before); err != nil {
			_, _ = os.Stderr.WriteString("goroutines left behind: " + err.Error() + "\n")
			return 1
		}
	}
	return code
}

// hang bounds waits that are not expected to end by it.
const hang = time.Minute

// sharedURL returns a database of its own on the shared server, skipping the test where PostgreSQL is not installed.
func sharedURL(t *testing.T) string {
	t.Helper()
	if shared == nil {
		t.Skip("PostgreSQL is not installed; TestMain said how to install it")
	}
	return shared.Database(t)
}

func newTracer(t *testing.T, c metrics.Collector, cfg pgxmon.Config) *pgxmon.Tracer {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	tracer, err := pgxmon.New(c, cfg)
	require.NoError(t, err)
	return tracer
}

// connect opens a connection that is closed at the end of the test.
func connect(t *testing.T, url string, tracer pgx.QueryTracer, change ...func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	cfg.Tracer = tracer
	for _, f := range change {
		f(cfg)
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// openPool makes a plain pool that is closed at the end of the test.
func openPool(t *testing.T, url string, conns int32, tracer pgx.QueryTracer) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	cfg.MaxConns = conns
	cfg.ConnConfig.Tracer = tracer
	p, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// eventually polls until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "did not happen: "+what)
		}
	}
}

// sleeping waits until a backend is in pg_sleep.
func sleeping(t *testing.T, url string, pid uint32) {
	t.Helper()
	conn := connect(t, url, nil)
	eventually(t, "the query begins", func() bool {
		var n int
		sql := "select count(*) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'"
		require.NoError(t, conn.QueryRow(t.Context(), sql, int32(pid)).Scan(&n))
		return n == 1
	})
}

// recorder is a collector that remembers. Of histograms it has the count under the name and "_count", and the last value
// under the name.
type recorder struct {
	mu     sync.Mutex
	values map[string]float64
	kinds  map[string]string // by name
	labels map[string]bool   // all values
}

func newRecorder() *recorder {
	return &recorder{values: make(map[string]float64), kinds: make(map[string]string), labels: make(map[string]bool)}
}

// handle is one series of a recorder.
type handle struct {
	r            *recorder
	name, labels string
}

func (r *recorder) series(kind, name string, labels []metrics.Label) handle {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pairs []string
	for _, l := range labels {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.Name, l.Value))
		r.labels[l.Value] = true
	}
	slices.Sort(pairs)
	h := handle{r: r, name: name}
	if len(pairs) > 0 {
		h.labels = "{" + strings.Join(pairs, ",") + "}"
	}
	if was := r.kinds[name]; was != "" && was != kind {
		panic(name + " is a " + was)
	}
	r.kinds[name] = kind
	if kind != "histogram" {
		r.values[h.name+h.labels] += 0
	}
	return h
}

func (r *recorder) Counter(name string, labels ...metrics.Label) metrics.Counter {
	return r.series("counter", name, labels)
}

func (r *recorder) Gauge(name string, labels ...metrics.Label) metrics.Gauge {
	return r.series("gauge", name, labels)
}

func (r *recorder) Histogram(name string, labels ...metrics.Label) metrics.Histogram {
	return r.series("histogram", name, labels)
}

func (h handle) Inc() { h.Add(1) }

func (h handle) Add(v float64) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.values[h.name+h.labels] += v
}

func (h handle) Set(v float64) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.values[h.name+h.labels] = v
}

func (h handle) Observe(v float64) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.values[h.name+h.labels] = v
	h.r.values[h.name+"_count"+h.labels]++
}

// all returns the series and their values.
func (r *recorder) all() map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.values)
}

// counts returns what is not 0, without the durations, for series whose names have the prefix.
func (r *recorder) counts(prefix string) map[string]float64 {
	found := make(map[string]float64)
	for id, v := range r.all() {
		name, _, _ := strings.Cut(id, "{")
		if strings.HasPrefix(name, prefix) && v != 0 && !strings.HasSuffix(name, "_seconds") {
			found[id] = v
		}
	}
	return found
}

// logBuffer is a slog target that may be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) lines() int { return strings.Count(b.String(), "\n") }

// logger leaves out the time.
func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}
