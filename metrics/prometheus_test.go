package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
	"github.com/prodwright/prodwright/metrics"
)

// needs skips a test when a program is missing, but not in CI, which installs it.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: scripts/setup.sh test installs it", program)
		}
		t.Skipf("%s is missing: scripts/setup.sh test installs it", program)
	}
}

// everyKind returns a registry with metrics of every kind, with and without labels, and with those about itself.
func everyKind(t *testing.T) *metrics.Registry {
	t.Helper()
	r, err := metrics.New(metrics.Config{MaxSeries: 3, Logger: quiet()})
	require.NoError(t, err)
	r.Describe("request_duration_seconds", metrics.KindHistogram, metrics.Description{Help: "How long \"requests\" took,\nin \\all.", Unit: "seconds"})
	for i := range 5 {
		label := metrics.Label{Name: "route", Value: fmt.Sprintf("/a\\b\"c\n%d", i)}
		r.Counter("requests", label).Add(float64(i) + 0.5)
		r.Histogram("request_duration_seconds", label).Observe(float64(i) / 10)
		r.Gauge("queue.length", label).Set(-float64(i))
	}
	r.Counter("restarts").Inc()
	r.Histogram("upload_bytes").Observe(1 << 20)
	r.Gauge("broken_ratio").Set(math.Inf(1))
	r.Counter("broken_ratio")
	r.Gauge("restarts", metrics.Label{Name: "le-ft", Value: "x"})
	return r
}

// Nothing that is exported is against the conventions.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	needs(t, "promtool")
	cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(text(t, everyKind(t)))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}

// prometheusServer is a real one.
type prometheusServer struct{ address string }

// startPrometheus starts one on a directory of data, with a configuration.
func startPrometheus(t *testing.T, data, config string) prometheusServer {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	p := prometheusServer{port.Addr()}
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "prometheus", "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+p.address,
		"--storage.tsdb.retention.time=100y", "--log.level=warn")
	cmd.Stdout, cmd.Stderr, cmd.Dir = &log, &log, dir
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + p.address + "/-/ready")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "Prometheus does not start")
	return p
}

// query evaluates an expression; at is a time, or zero for now. ok is false when there is no value.
func (p prometheusServer) query(t *testing.T, expression string, at time.Time) (value float64, ok bool) {
	t.Helper()
	parameters := url.Values{"query": {expression}}
	if !at.IsZero() {
		parameters.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	response, err := http.Get("http://" + p.address + "/api/v1/query?" + parameters.Encode())
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var result struct {
		Status, Error string
		Data          struct {
			Result []struct{ Value [2]any }
		}
	}
	require.NoError(t, json.Unmarshal(body, &result))
	require.Equal(t, "success", result.Status, "%s: %s", expression, result.Error)
	if len(result.Data.Result) == 0 {
		return 0, false
	}
	value, err = strconv.ParseFloat(result.Data.Result[0].Value[1].(string), 64)
	require.NoError(t, err)
	return value, true
}

// A real server scrapes both formats and has the same values.
func TestPrometheusScrapes(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	r := everyKind(t)
	asked := make(chan string, 100)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Header.Del("Accept")
		r.ServeHTTP(w, req)
	}))
	defer plain.Close()
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.ServeHTTP(w, req)
		select {
		case asked <- w.Header().Get("Content-Type"):
		default:
		}
	}))
	defer open.Close()
	p := startPrometheus(t, t.TempDir(), fmt.Sprintf(`
global: {scrape_interval: 200ms}
scrape_configs:
- {job_name: plain, static_configs: [{targets: [%q]}]}
- {job_name: open, static_configs: [{targets: [%q]}]}
`, strings.TrimPrefix(plain.URL, "http://"), strings.TrimPrefix(open.URL, "http://")))
	require.Contains(t, <-asked, "application/openmetrics-text")
	for _, job := range []string{"plain", "open"} {
		for expression, want := range map[string]float64{
			`up{job=%q}`: 1, `restarts_total{job=%q}`: 1, `requests_total{job=%q,route="/a\\b\"c\n2"}`: 2.5,
			`requests_total{job=%q,otel_metric_overflow="true"}`: 8, `queue_length{job=%q,route="/a\\b\"c\n1"}`: -1,
			`upload_bytes_bucket{job=%q,le="1.048576e+06"}`: 1, `upload_bytes_count{job=%q}`: 1, `upload_bytes_sum{job=%q}`: 1 << 20,
		} {
			expression = fmt.Sprintf(expression, job)
			require.Eventually(t, func() bool { _, ok := p.query(t, expression, time.Time{}); return ok }, time.Minute, 100*time.Millisecond, expression)
			value, _ := p.query(t, expression, time.Time{})
			require.InDelta(t, want, value, 0, expression)
		}
	}
}

// backfill collects scrapes of a registry on its own time, as promtool wants them.
type backfill struct {
	families []string
	lines    map[string][]string
}

func (b *backfill) scrape(t *testing.T, r *metrics.Registry) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, r.WriteOpenMetrics(&text))
	family := ""
	for line := range strings.Lines(text.String()) {
		line = strings.TrimSuffix(line, "\n")
		if fields := strings.Fields(line); fields[0] == "#" {
			if fields[1] == "TYPE" {
				family = fields[2]
				if _, ok := b.lines[family]; !ok {
					b.families = append(b.families, family)
					b.lines[family] = []string{line}
				}
			}
			continue
		}
		b.lines[family] = append(b.lines[family], fmt.Sprintf("%s %d.%03d", line, time.Now().Unix(), time.Now().UnixMilli()%1000))
	}
}

func (b *backfill) write(t *testing.T, dir string) {
	t.Helper()
	var text strings.Builder
	for _, family := range b.families {
		text.WriteString(strings.Join(b.lines[family], "\n") + "\n")
	}
	text.WriteString("# EOF\n")
	file := filepath.Join(t.TempDir(), "data.om")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	out, err := exec.CommandContext(t.Context(), "promtool", "tsdb", "create-blocks-from", "openmetrics", file, dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// What Prometheus computes from scrapes every ten seconds is what our windows say, within the width of a bucket.
func TestPrometheusAgreesWithWindows(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	type answer struct {
		at     time.Time
		window time.Duration
		s, c   metrics.Summary
	}
	var answers []answer
	data := t.TempDir()
	b := &backfill{lines: make(map[string][]string)}
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		var bounds []float64
		for v := 0.001; v < 1; v *= math.Exp2(1. / 16) {
			bounds = append(bounds, v)
		}
		r.Describe("wait_seconds", metrics.KindHistogram, metrics.Description{Buckets: bounds})
		h, c := r.Histogram("wait_seconds"), r.Counter("requests")
		random := rand.New(rand.NewPCG(3, 4))
		time.Sleep(time.Millisecond) // after the ticks
		for step := range 400 {
			b.scrape(t, r)
			for _, window := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
				if step%50 == 49 && step*10 >= int(window.Seconds()) {
					s, _ := r.Summary("wait_seconds", window-time.Second)
					counter, _ := r.Summary("requests", window-time.Second)
					answers = append(answers, answer{time.Now(), window, s, counter})
				}
			}
			for range 100 + step/4 {
				h.Observe(min(max(0.02*math.Exp(random.NormFloat64()/2), 0.0011), 0.9))
				c.Add(2)
			}
			time.Sleep(10 * time.Second)
		}
	})
	b.write(t, data)
	p := startPrometheus(t, data, "global: {}\n")
	require.Greater(t, len(answers), 10)
	for _, a := range answers {
		require.GreaterOrEqual(t, a.s.Covered, a.window-time.Second)
		window := fmt.Sprintf("[%ds]", int(a.s.Covered.Seconds())) // whole steps
		rate, ok := p.query(t, "rate(requests_total"+window+")", a.at)
		require.True(t, ok)
		require.InEpsilon(t, a.c.Rate, rate, 1e-3)
		count, _ := p.query(t, "increase(wait_seconds_count"+window+")", a.at)
		require.InEpsilon(t, float64(a.s.Count), count, 1e-3)
		for q, ours := range map[float64]float64{0.5: a.s.P50, 0.95: a.s.P95, 0.99: a.s.P99} {
			theirs, _ := p.query(t, fmt.Sprintf("histogram_quantile(%v, rate(wait_seconds_bucket%s))", q, window), a.at)
			require.InEpsilon(t, theirs, ours, 0.045, "quantile %v over %v", q, a.window)
		}
	}
}
