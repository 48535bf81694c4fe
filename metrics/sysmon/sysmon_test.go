package sysmon_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

func TestMain(m *testing.M) {
	if task := os.Getenv("SYSMON_CHILD"); task != "" {
		if err := child(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// machine copies testdata/machine and the named trees into a directory, which is a root for a Config.
func machine(t *testing.T, trees ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, tree := range append([]string{"machine"}, trees...) {
		require.NoError(t, os.CopyFS(root, os.DirFS(filepath.Join("testdata", tree))))
	}
	return root
}

// write replaces a file below root.
func write(t *testing.T, root, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
}

func newSampler(t *testing.T, c metrics.Collector, cfg sysmon.Config) *sysmon.Sampler {
	t.Helper()
	s, err := sysmon.New(c, cfg)
	require.NoError(t, err)
	return s
}

// sample takes the first sample of the machine with the trees.
func sample(t *testing.T, trees ...string) (sysmon.Snapshot, error) {
	t.Helper()
	return newSampler(t, metrics.Discard{}, sysmon.Config{Root: machine(t, trees...)}).Sample(t.Context())
}

// recorder is a collector that remembers.
type recorder struct {
	mu     sync.Mutex
	values map[string]float64
	kinds  map[string]string // by name
}

func newRecorder() *recorder {
	return &recorder{values: make(map[string]float64), kinds: make(map[string]string)}
}

// handle is one series of a recorder.
type handle struct {
	r  *recorder
	id string
}

func (r *recorder) series(kind, name string, labels []metrics.Label) handle {
	var pairs []string
	for _, l := range labels {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	slices.Sort(pairs)
	id := name
	if len(pairs) > 0 {
		id += "{" + strings.Join(pairs, ",") + "}"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.kinds[name]; was != "" && was != kind {
		panic(name + " is a " + was)
	}
	r.kinds[name] = kind
	r.values[id] += 0
	return handle{r, id}
}

func (r *recorder) Counter(name string, labels ...metrics.Label) metrics.Counter {
	return r.series("counter", name, labels)
}

func (r *recorder) Gauge(name string, labels ...metrics.Label) metrics.Gauge {
	return r.series("gauge", name, labels)
}

func (r *recorder) Histogram(string, ...metrics.Label) metrics.Histogram { panic("not used") }

func (h handle) Inc() { h.Add(1) }

func (h handle) Add(v float64) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.values[h.id] += v
}

func (h handle) Set(v float64) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.values[h.id] = v
}

// all returns the series and their values.
func (r *recorder) all() map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.values)
}

// has returns the value of a series that must be there.
func (r *recorder) has(t *testing.T, id string) float64 {
	t.Helper()
	values := r.all()
	require.Contains(t, values, id)
	return values[id]
}

// records is a handler of log records that keeps them.
type records struct {
	slog.Handler

	mu   sync.Mutex
	text []string
}

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := record.Level.String() + " " + record.Message
	record.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	r.text = append(r.text, text)
	return nil
}

func (r *records) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.text)
}
