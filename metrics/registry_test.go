package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// text returns the export in Prometheus' text format.
func text(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.WriteText(&b))
	return b.String()
}

// samples returns the lines of a metric.
func samples(t *testing.T, r *metrics.Registry, name string) (lines []string) {
	t.Helper()
	for line := range strings.Lines(text(t, r)) {
		if strings.HasPrefix(line, name) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func TestSameHandle(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	a, b := metrics.Label{Name: "a", Value: "1"}, metrics.Label{Name: "b", Value: "2"}
	require.Same(t, r.Counter("requests", a, b), r.Counter("requests", b, a))
	require.Same(t, r.Counter("requests"), r.Counter("requests_total"), "as it is exported")
	require.Same(t, r.Gauge("pool.size"), r.Gauge("pool_size"), "dots are underscores")
	require.NotSame(t, r.Counter("requests", a), r.Counter("requests", b))
	require.NotSame(t, r.Counter("requests", metrics.Label{Name: "a", Value: "1b"}), r.Counter("requests", a, metrics.Label{Name: "b", Value: ""}))
	many := make([]metrics.Label, 100)
	for i := range many {
		many[len(many)-1-i] = metrics.Label{Name: fmt.Sprintf("l%03d", i), Value: "v"}
	}
	wide := r.Gauge("wide", many...)
	require.Same(t, wide, r.Gauge("wide", many...))
	require.Equal(t, "l099", many[0].Name, "they are only read")
}

func TestValues(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	c := r.Counter("bytes")
	for _, v := range []float64{1, 2.5, 1 << 53, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 0} {
		c.Add(v)
	}
	c.Inc()
	require.Equal(t, []string{"bytes_total 9.007199254740996e+15"}, samples(t, r, "bytes_total"))
	g := r.Gauge("level")
	g.Set(5)
	g.Set(math.NaN())
	g.Add(math.NaN())
	g.Add(-7.5)
	require.Equal(t, []string{"level -2.5"}, samples(t, r, "level"))
	h := r.Histogram("size")
	for _, v := range []float64{1, 3, 0, -2, 1e100, 1e-300, math.NaN(), math.Inf(1), math.MaxFloat64} {
		h.Observe(v)
	}
	lines := samples(t, r, "size")
	require.Contains(t, lines, "size_count 6")
	require.Contains(t, lines, `size_bucket{le="1"} 4`, "a bound belongs to its bucket; what is not positive, to the first")
	require.Contains(t, lines, `size_bucket{le="2"} 4`)
	require.Contains(t, lines, `size_bucket{le="4"} 5`)
	require.Contains(t, lines, `size_bucket{le="+Inf"} 6`)
	require.Contains(t, lines, "size_sum 1e+100")
}

// What cannot be is a working handle, a count, and one warning.
func TestMisuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(*metrics.Registry)
		reason string
	}{
		"another kind":            {func(r *metrics.Registry) { r.Counter("x").Inc(); r.Gauge("x_total").Set(1) }, "kind"},
		"no name":                 {func(r *metrics.Registry) { r.Gauge("").Set(1) }, "name"},
		"a histogram's name":      {func(r *metrics.Registry) { r.Histogram("x").Observe(1); r.Gauge("x_count").Set(1) }, "name"},
		"a name of a histogram's": {func(r *metrics.Registry) { r.Gauge("x_sum").Set(1); r.Histogram("x").Observe(1) }, "name"},
		"a label twice": {func(r *metrics.Registry) {
			r.Gauge("x", metrics.Label{Name: "a", Value: "1"}, metrics.Label{Name: "a", Value: "2"}).Set(1)
		}, "labels"},
		"a label's name":   {func(r *metrics.Registry) { r.Gauge("x", metrics.Label{Name: "a b", Value: "1"}).Set(1) }, "labels"},
		"a reserved label": {func(r *metrics.Registry) { r.Histogram("x", metrics.Label{Name: "le", Value: "1"}).Observe(1) }, "labels"},
		"no label's name":  {func(r *metrics.Registry) { r.Gauge("x", metrics.Label{Value: "1"}).Set(1) }, "labels"},
	} {
		var log bytes.Buffer
		r, err := metrics.New(metrics.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		for range 3 {
			c.do(r)
		}
		require.Equal(t, 1, strings.Count(log.String(), "\n"), "%s: %s", name, log.String())
		require.Equal(t, []string{`metrics_misuses_total{reason="` + c.reason + `"} 3`}, samples(t, r, "metrics_misuses_total"), name)
		strict, err := metrics.New(metrics.Config{Strict: true})
		require.NoError(t, err)
		require.Panics(t, func() { c.do(strict) }, name)
	}
	_, err := metrics.New(metrics.Config{MaxSeries: -2, MaxTotalSeries: -5, MaxHistory: -9})
	require.EqualError(t, err, "metrics: invalid configuration:\nMaxSeries is -2: must be positive, 0 for the default, or -1 for no limit\n"+
		"MaxTotalSeries is -5: must be positive, 0 for the default, or -1 for no limit\nMaxHistory is -9: must be positive, 0 for the default, or -1 for no limit")
}

// A million label values leave the memory as it is, and lose no count.
func TestCardinality(t *testing.T) { // alone, because it measures memory
	const distinct = 1_000_000
	var log bytes.Buffer
	r, err := metrics.New(metrics.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	type labels struct{ User string }
	vec := metrics.NewCounterVec[labels](r, "logins_by_vec")
	warm := 50_000
	var before, after runtime.MemStats
	for i := range distinct {
		if i == warm {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		user := fmt.Sprint("user-", i)
		r.Counter("logins", metrics.Label{Name: "user", Value: user}).Inc()
		vec.With(labels{user}).Inc()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
	for _, name := range []string{"logins", "logins_by_vec"} {
		lines := samples(t, r, name+"_total{")
		require.Len(t, lines, metrics.DefaultMaxSeries+1)
		require.Contains(t, lines, fmt.Sprintf(`%s_total{otel_metric_overflow="true"} %d`, name, distinct-metrics.DefaultMaxSeries))
		require.Contains(t, samples(t, r, "metrics_overflows_total"), fmt.Sprintf(`metrics_overflows_total{metric="%s_total"} %d`, name, distinct-metrics.DefaultMaxSeries))
	}
	require.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
	// Those that were there before are found as before.
	r.Counter("logins", metrics.Label{Name: "user", Value: "user-7"}).Add(10)
	require.Contains(t, samples(t, r, "logins_total"), `logins_total{user="user-7"} 11`)
}

// A million metrics are as limited as a million series.
func TestManyMetrics(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Config{Logger: slog.New(slog.DiscardHandler), MaxTotalSeries: 100})
	require.NoError(t, err)
	for i := range 100_000 {
		r.Gauge(fmt.Sprint("gauge_", i)).Set(1)
		r.Counter("one", metrics.Label{Name: "a", Value: fmt.Sprint(i)}).Inc()
	}
	require.Less(t, strings.Count(text(t, r), "\n"), 500)
	require.Len(t, samples(t, r, "one_total"), 51, "half of them, and the overflow")
}

// Many goroutines make and use the same series.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	type labels struct {
		Method string
		Code   int `label:"status"`
	}
	vec := metrics.NewCounterVec[labels](r, "requests")
	const workers, rounds, series = 8, 2000, 200
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range rounds {
				vec.With(labels{"GET", i % series}).Inc()
				r.Counter("requests", metrics.Label{Name: "method", Value: "GET"}, metrics.Label{Name: "status", Value: fmt.Sprint(i % series)}).Inc()
				r.Histogram("duration_seconds").Observe(float64(i % 97))
				r.Gauge("busy").Add(1)
				r.Gauge("busy").Add(-1)
				if i%500 == 0 {
					_ = text(t, r)
					r.Tick()
					_, _ = r.Summary("duration_seconds", 0)
				}
			}
		})
	}
	wg.Wait()
	lines := samples(t, r, "requests_total")
	require.Len(t, lines, series)
	for _, line := range lines {
		require.True(t, strings.HasSuffix(line, fmt.Sprint(" ", 2*workers*rounds/series)), line)
	}
	require.Contains(t, samples(t, r, "duration_seconds_count"), fmt.Sprint("duration_seconds_count ", workers*rounds))
	sum := 0
	for i := range rounds {
		sum += i % 97
	}
	require.Equal(t, []string{fmt.Sprint("duration_seconds_sum ", workers*sum)}, samples(t, r, "duration_seconds_sum"), "nothing is lost when goroutines meet")
	require.Equal(t, []string{"busy 0"}, samples(t, r, "busy"))
}

// The number of a histogram's values is that of its last bucket, also while others observe.
func TestExportIsNotTorn(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	h := r.Histogram("duration_seconds")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := w; ; i++ {
				select {
				case <-stop:
					return
				default:
					h.Observe(float64(i%1000) / 100)
				}
			}
		})
	}
	for range 200 {
		var last, count string
		for _, line := range samples(t, r, "duration_seconds") {
			name, value, _ := strings.Cut(line, " ")
			switch name {
			case `duration_seconds_bucket{le="+Inf"}`:
				last = value
			case "duration_seconds_count":
				count = value
			}
		}
		require.Equal(t, last, count)
	}
	close(stop)
	wg.Wait()
}

func TestVecLabels(t *testing.T) {
	t.Parallel()
	type kind string
	type labels struct {
		HTTPMethod string
		StatusCode int `label:"code"`
		Cached     bool
		Size       uint8
		Kind       kind
		Ratio      float64
	}
	r := new(metrics.Registry)
	v := metrics.NewGaugeVec[labels](r, "x")
	for range 2 {
		v.With(labels{"GET", 200, true, 3, "k", 0.5}).Add(1)
	}
	require.Equal(t, []string{`x{cached="true",code="200",http_method="GET",kind="k",ratio="0.5",size="3"} 2`}, samples(t, r, "x{"))
	metrics.NewHistogramVec[string](r, "y").With("v").Observe(1)
	require.Contains(t, samples(t, r, "y_count"), `y_count{value="v"} 1`)

	// Texts that differ only where the hash does not look, and many of them.
	type long struct{ Path, Other string }
	paths := metrics.NewCounterVec[long](r, "paths")
	for round := range 2 {
		for i := range 500 {
			paths.With(long{fmt.Sprintf("/prefix-%08d-the-same-end", i), "o"}).Add(float64(round + i))
		}
	}
	for i := range 500 {
		require.Contains(t, samples(t, r, fmt.Sprintf(`paths_total{other="o",path="/prefix-%08d`, i)), fmt.Sprintf(`paths_total{other="o",path="/prefix-%08d-the-same-end"} %d`, i, 2*i+1))
	}
}

// Labels of any bytes are exported as valid text.
func TestLabelValues(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	for _, v := range []string{"a\"b\\c\nd", "\xff\xfe", strings.Repeat("é", 200), strings.Repeat("x", 256), "", "🔑"} {
		r.Gauge("g", metrics.Label{Name: "v", Value: v}).Set(1)
	}
	lines := samples(t, r, "g{")
	require.Contains(t, lines, `g{v="a\"b\\c\nd"} 1`)
	require.Contains(t, lines, "g{v=\"\ufffd\"} 1")
	require.Contains(t, lines, `g{v="`+strings.Repeat("é", 128)+`"} 1`)
	require.Contains(t, lines, `g{v="`+strings.Repeat("x", 256)+`"} 1`)
	require.Equal(t, []string{"g 1"}, samples(t, r, "g "), "a label without a value is as good as none")
	require.Same(t, r.Gauge("g"), r.Gauge("g", metrics.Label{Name: "v"}))
}

// A gauge and a counter of one name are two families in both formats.
func TestCounterBesideGauge(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	r.Counter("restarts_total").Inc()
	r.Gauge("restarts").Set(2)
	r.Counter("starts").Inc()
	r.Counter("tries_count").Inc()
	r.Histogram("tries").Observe(1)
	r.Describe("tries", metrics.KindHistogram, metrics.Description{Buckets: []float64{1}})
	var open bytes.Buffer
	require.NoError(t, r.WriteOpenMetrics(&open))
	require.Equal(t, `# HELP restarts The gauge restarts.
# TYPE restarts gauge
restarts 2
# HELP restarts_total The counter restarts_total.
# TYPE restarts_total unknown
restarts_total 1
# HELP starts The counter starts_total.
# TYPE starts counter
starts_total 1
# HELP tries The histogram tries.
# TYPE tries histogram
tries_bucket{le="1"} 1
tries_bucket{le="+Inf"} 1
tries_sum 1
tries_count 1
# HELP tries_count_total The counter tries_count_total.
# TYPE tries_count_total unknown
tries_count_total 1
# EOF
`, open.String())
}

// A label of our own overflow, names of our own metrics and names that cannot be exported break nothing.
func TestNamesOfOurOwn(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Config{MaxSeries: 2, Logger: quiet()})
	require.NoError(t, err)
	r.Counter("u", metrics.Label{Name: "otel_metric_overflow", Value: "true"}).Inc()
	for i := range 5 {
		r.Counter("u", metrics.Label{Name: "i", Value: fmt.Sprint(i)}).Inc()
	}
	require.Equal(t, []string{`u_total{otel_metric_overflow="true"} 5`, `u_total{i="0"} 1`}, samples(t, r, "u_total"), "one series for each set of labels")
	for _, name := range []string{"metrics_misuses_total", "metrics_overflows_total", "metrics_callback_failures_total"} {
		r, err := metrics.New(metrics.Config{MaxSeries: 1, Logger: quiet()})
		require.NoError(t, err)
		r.Gauge(name).Set(1)
		r.Gauge("")
		for i := range 3 {
			r.Counter("c", metrics.Label{Name: "i", Value: fmt.Sprint(i)}).Inc()
		}
		r.GaugeFunc("f", func(context.Context) (float64, error) { return 0, errors.New("no") })
		require.Contains(t, samples(t, r, name), name+" 1")
	}
	var log bytes.Buffer
	r, err = metrics.New(metrics.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	r.Counter("请求数").Inc()
	r.Counter("_total").Inc()
	r.Counter("4xx").Inc()
	require.Equal(t, 2, strings.Count(log.String(), "cannot be exported")+strings.Count(log.String(), "it is exported as"), log.String())
	var open bytes.Buffer
	require.NoError(t, r.WriteOpenMetrics(&open))
	require.NotContains(t, open.String(), "# TYPE  ")
}

// Nothing large stays behind a small label.
func TestLabelsKeepNothingLarge(t *testing.T) { // alone, because it measures memory
	r, err := metrics.New(metrics.Config{Logger: quiet(), MaxTotalSeries: 2000})
	require.NoError(t, err)
	vec, parts := metrics.NewCounterVec[string](r, "v"), metrics.NewCounterVec[string](r, "p")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 300 {
		large := strings.Repeat(fmt.Sprint(i%10), 1<<18) + fmt.Sprint(i)
		r.Counter("cut", metrics.Label{Name: "v", Value: large}).Inc()
		r.Counter("part", metrics.Label{Name: "v", Value: large[len(large)-20:]}).Inc()
		vec.With(large).Inc()
		parts.With(large[len(large)-20:]).Inc()
		r.Describe(fmt.Sprint("described_", i), metrics.KindGauge, metrics.Description{})
	}
	for i := range 100_000 {
		r.Describe(fmt.Sprint("described_", i), metrics.KindGauge, metrics.Description{Help: "x"})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(4<<20))
	runtime.KeepAlive(vec)
	runtime.KeepAlive(parts)
}

// A logger may count what it logs, also what a Vec brings up.
func TestVecWhoseLoggerCounts(t *testing.T) {
	t.Parallel()
	var vec *metrics.Vec[string, metrics.Counter]
	handler := slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey {
			vec.With(a.Value.String()).Inc()
		}
		return a
	}})
	r, err := metrics.New(metrics.Config{Logger: slog.New(handler)})
	require.NoError(t, err)
	r.Gauge("logged_total")
	vec = metrics.NewCounterVec[string](r, "logged")
	vec.With("INFO").Inc() // is of another kind, which is logged
}

// Labels of every type cost no lookup when they are known, and those with the same ends are told apart.
func TestVecCostsNothing(t *testing.T) { // alone, because it counts allocations
	type mixed struct {
		URL   string
		Ratio float64
		Code  int16
	}
	v := metrics.NewCounterVec[mixed](new(metrics.Registry), "c")
	label := func(i int) mixed {
		return mixed{fmt.Sprintf("https://shop-%02d.example.com/index.html", i), float64(i) / 7, int16(i)}
	}
	var all []mixed
	for i := range 200 {
		all = append(all, label(i), mixed{label(i).URL, 0, 0}, mixed{"", float64(i) / 3, 0})
	}
	for round := range 2 {
		i := 0
		allocs := testing.AllocsPerRun(len(all)-1, func() { v.With(all[i]).Inc(); i++ })
		require.False(t, round > 0 && allocs > 0, allocs)
	}
	numbers := metrics.NewCounterVec[uint64](new(metrics.Registry), "n") // whose hashes are alike
	for round := range 2 {
		var n uint64
		allocs := testing.AllocsPerRun(998, func() { numbers.With(n << 16).Inc(); n++ })
		require.False(t, round > 0 && allocs > 0, allocs)
	}
	texts := metrics.NewCounterVec[struct{ A, B string }](new(metrics.Registry), "t") // found by what they say, then by where they are
	for round := range 6 {
		allocs := testing.AllocsPerRun(1, func() { texts.With(struct{ A, B string }{"a", "b"}).Inc() })
		require.False(t, round > 3 && allocs > 0, allocs)
	}
}

// Labels that ask for a series without a label, or for two values at once.
func TestMatching(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	code := func(value string) metrics.Label { return metrics.Label{Name: "code", Value: value} }
	r.Counter("c").Add(1)
	r.Counter("c", code("200")).Add(10)
	r.Counter("c", code(strings.Repeat("x", 300))).Add(100)
	for want, match := range map[float64][]metrics.Label{111: nil, 1: {code("")}, 10: {code("200")}, 0: {code("200"), code("500")}, 100: {code(strings.Repeat("x", 300))}} {
		s, _ := r.Summary("c", time.Minute, match...)
		require.InDelta(t, want, s.Increase, 0, "%v", match)
	}
	r.Counter("y_total").Inc()
	r.Gauge("y").Set(7)
	r.Counter("y").Inc()
	require.Equal(t, []string{"y_total 2"}, samples(t, r, "y_total"))
	r.Describe("top", metrics.KindHistogram, metrics.Description{Buckets: []float64{1, 1 << 43}})
	r.Histogram("top").Observe(1e15)
	require.Equal(t, []string{`top_bucket{le="1"} 0`, `top_bucket{le="+Inf"} 1`, "top_sum 1000000000000000", "top_count 1"}, samples(t, r, "top"))
}
