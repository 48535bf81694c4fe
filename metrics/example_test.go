package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

func Example() {
	registry := new(metrics.Registry)
	type labels struct {
		Route string
		Code  string
	}
	requests := metrics.NewCounterVec[labels](registry, "http_requests")
	requests.With(labels{"/users", "200"}).Inc()
	requests.With(labels{"/users", "200"}).Inc()
	requests.With(labels{"/users", "500"}).Inc()
	s, _ := registry.Summary("http_requests", 5*time.Minute, metrics.Label{Name: "code", Value: "200"})
	fmt.Println(s.Increase)
	_ = registry.WriteText(os.Stdout)
	// Output:
	// 2
	// # HELP http_requests_total The counter http_requests_total.
	// # TYPE http_requests_total counter
	// http_requests_total{code="200",route="/users"} 2
	// http_requests_total{code="500",route="/users"} 1
}

func ExampleCollector() {
	// A package takes the interface, and whoever wants no metrics gives it Discard.
	work := func(c metrics.Collector) { c.Counter("jobs").Inc() }
	registry := new(metrics.Registry)
	work(registry)
	work(metrics.Discard{})
	s, _ := registry.Summary("jobs", time.Minute)
	fmt.Println(s.Increase)
	// Output: 1
}

func ExampleDiscard() {
	metrics.Discard{}.Counter("jobs").Inc()
	// Output:
}

func ExampleCounter() {
	registry := new(metrics.Registry)
	sent := registry.Counter("sent_bytes")
	sent.Add(512)
	sent.Inc()
	sent.Add(-1) // is not added
	s, _ := registry.Summary("sent_bytes", time.Minute)
	fmt.Println(s.Increase)
	// Output: 513
}

func ExampleGauge() {
	registry := new(metrics.Registry)
	busy := registry.Gauge("busy_workers")
	busy.Add(3)
	busy.Add(-1)
	s, _ := registry.Summary("busy_workers", time.Minute)
	fmt.Println(s.Latest, s.Max)
	// Output: 2 3
}

func ExampleHistogram() {
	registry := new(metrics.Registry)
	size := registry.Histogram("upload_bytes")
	for i := range 100 {
		size.Observe(float64(i + 1))
	}
	s, _ := registry.Summary("upload_bytes", time.Minute)
	fmt.Printf("%d values from %v to %v, half of them up to %.0f\n", s.Count, s.Min, s.Max, s.P50)
	// Output: 100 values from 1 to 100, half of them up to 50
}

func ExampleLabel() {
	registry := new(metrics.Registry)
	a, b := metrics.Label{Name: "queue", Value: "mail"}, metrics.Label{Name: "try", Value: "2"}
	fmt.Println(registry.Counter("jobs", a, b) == registry.Counter("jobs", b, a))
	// Output: true
}

func ExampleVec() {
	type labels struct {
		Method     string
		StatusCode int `label:"code"`
	}
	registry := new(metrics.Registry)
	requests := metrics.NewCounterVec[labels](registry, "requests")
	requests.With(labels{"GET", 200}).Inc()
	for _, s := range registry.Select("requests", time.Now()) {
		fmt.Println(s.Key())
	}
	// Output: requests_total[code=200,method=GET]
}

func ExampleNew() {
	_, err := metrics.New(metrics.Config{MaxSeries: -7})
	fmt.Println(err)
	// Output:
	// metrics: invalid configuration:
	// MaxSeries is -7: must be positive, 0 for the default, or -1 for no limit
}

func ExampleConfig() {
	registry, _ := metrics.New(metrics.Config{MaxSeries: 2, Logger: quiet()})
	for _, user := range []string{"ann", "bob", "eve", "joe"} {
		registry.Counter("logins", metrics.Label{Name: "user", Value: user}).Inc()
	}
	var text strings.Builder
	_ = registry.WriteText(&text)
	for line := range strings.Lines(text.String()) {
		if strings.HasPrefix(line, "logins") {
			fmt.Print(line)
		}
	}
	// Output:
	// logins_total{user="ann"} 1
	// logins_total{user="bob"} 1
	// logins_total{otel_metric_overflow="true"} 2
}

func ExampleRegistry() {
	registry := new(metrics.Registry)
	registry.Gauge("level").Set(7)
	response := httptest.NewRecorder() // mux.Handle("GET /metrics", registry)
	registry.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Println(response.Body)
	// Output:
	// # HELP level The gauge level.
	// # TYPE level gauge
	// level 7
}

func ExampleRegistry_Query() {
	registry := new(metrics.Registry)
	slow := registry.Query("request_duration_seconds", metrics.P95, 5*time.Minute) // a source for an alert
	_, err := slow(context.Background())
	fmt.Println(errors.Is(err, metrics.ErrNoData))
	for range 10 {
		registry.Histogram("request_duration_seconds").Observe(0.25)
	}
	fmt.Println(slow(context.Background()))
	// Output:
	// true
	// 0.25 <nil>
}

func ExampleRegistry_GaugeFunc() {
	registry := new(metrics.Registry)
	registry.GaugeFunc("queue_length", func(context.Context) (float64, error) { return 3, nil })
	response := httptest.NewRecorder()
	registry.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Println(strings.Contains(response.Body.String(), "queue_length 3\n"))
	// Output: true
}

func ExampleDo() {
	registry := new(metrics.Registry)
	for _, err := range []error{nil, nil, errors.New("full")} {
		_ = metrics.Do(context.Background(), registry, "send_duration_seconds", func(context.Context) error { return err })
	}
	s, _ := registry.Summary("send_duration_seconds", time.Minute, metrics.Label{Name: metrics.OutcomeLabel, Value: "error"})
	fmt.Println(s.Count)
	// Output: 1
}

func ExampleStart() {
	registry := new(metrics.Registry)
	func() {
		defer metrics.Start(registry.Histogram("job_duration_seconds"))()
	}()
	s, _ := registry.Summary("job_duration_seconds", time.Minute)
	fmt.Println(s.Count)
	// Output: 1
}

func ExampleSummary() {
	registry := new(metrics.Registry)
	registry.Counter("errors").Add(3)
	s, _ := registry.Summary("errors", time.Hour)
	fmt.Println(s.Value(metrics.Increase))
	fmt.Println(s.Value(metrics.Latest)) // a total since the process began says nothing about now
	// Output:
	// 3 true
	// 0 false
}

func ExampleAggregate() {
	registry := new(metrics.Registry)
	registry.Gauge("level").Set(7)
	s, _ := registry.Summary("level", time.Hour)
	for _, figure := range []metrics.Aggregate{metrics.Latest, metrics.Max, metrics.P95} {
		value, ok := s.Value(figure)
		fmt.Println(figure, value, ok)
	}
	// Output:
	// latest 7 true
	// max 7 true
	// p95 0 false
}

func ExampleKind() {
	fmt.Println(metrics.KindCounter, metrics.KindGauge, metrics.KindHistogram)
	// Output: counter gauge histogram
}

func ExampleSeries() {
	registry := new(metrics.Registry)
	registry.Gauge("pool.size", metrics.Label{Name: "pool", Value: "main"}).Set(20)
	registry.Gauge("pool.idle", metrics.Label{Name: "pool", Value: "main"}).Set(5)
	for _, s := range registry.Select("pool.", time.Now().Add(-time.Hour)) {
		fmt.Println(s.Key(), s.Points[len(s.Points)-1].Value)
	}
	// Output:
	// pool_idle[pool=main] 5
	// pool_size[pool=main] 20
}

func ExamplePoint() {
	registry := new(metrics.Registry)
	registry.Counter("jobs").Add(4)
	point := registry.Select("jobs", time.Now().Add(-time.Minute))[0].Points[0]
	fmt.Println(point.Value)
	// Output: 4
}

func ExampleDescription() {
	registry := new(metrics.Registry)
	registry.Describe("wait_seconds", metrics.KindHistogram, metrics.Description{Help: "How long callers waited.", Buckets: []float64{0.125, 0.5}})
	registry.Histogram("wait_seconds").Observe(0.25)
	_ = registry.WriteText(os.Stdout)
	// Output:
	// # HELP wait_seconds How long callers waited.
	// # TYPE wait_seconds histogram
	// wait_seconds_bucket{le="0.125"} 0
	// wait_seconds_bucket{le="0.5"} 1
	// wait_seconds_bucket{le="+Inf"} 1
	// wait_seconds_sum 0.25
	// wait_seconds_count 1
}

func ExampleRegistry_Report() {
	registry := new(metrics.Registry)
	for _, seconds := range []float64{0.002, 0.004, 0.25} {
		registry.Histogram("job_duration_seconds").Observe(seconds)
	}
	report := registry.Report(time.Hour, metrics.ReportItem{Title: "jobs", Name: "job_duration_seconds", Figures: []metrics.Aggregate{metrics.Count, metrics.Max}})
	_, table, _ := strings.Cut(report.String(), "\n")
	fmt.Print(table)
	// Output:
	//              now    before  change
	// jobs  count  3      -       -
	//       max    250ms  -       -
}

func ExampleReport() {
	var report metrics.Report // of Registry.Report
	fmt.Println(len(report.Rows))
	// Output: 0
}

func ExampleReportItem() {
	item := metrics.ReportItem{Title: "mails", Name: "mail_duration_seconds", Figures: []metrics.Aggregate{metrics.Count, metrics.P95}}
	fmt.Println(item.Title, item.Figures)
	// Output: mails [count p95]
}

func ExampleReportRow() {
	registry := new(metrics.Registry)
	registry.Counter("mails").Add(3)
	row := registry.Report(time.Hour, metrics.ReportItem{Title: "mails", Name: "mails", Figures: []metrics.Aggregate{metrics.Increase}}).Rows[0]
	fmt.Println(row.Title, *row.Now, row.Before == nil)
	// Output: mails 3 true
}

func ExampleStandardReport() {
	fmt.Println(metrics.StandardReport()[0].Title)
	// Output: requests
}

func ExampleRegistry_Gather() {
	registry := new(metrics.Registry)
	registry.Counter("jobs").Inc()
	for _, family := range registry.Gather(context.Background()) {
		fmt.Println(family.Name, family.Kind, family.Samples[0].Value)
	}
	// Output: jobs_total counter 1
}

func ExampleFamily() {
	registry := new(metrics.Registry)
	registry.Describe("queue_bytes", metrics.KindGauge, metrics.Description{Help: "What waits.", Unit: "bytes"})
	registry.Gauge("queue_bytes").Set(10)
	family := registry.Gather(context.Background())[0]
	fmt.Println(family.Name, family.Unit, family.Help)
	// Output: queue_bytes bytes What waits.
}

func ExampleSample() {
	registry := new(metrics.Registry)
	registry.Gauge("level", metrics.Label{Name: "tank", Value: "north"}).Set(7)
	sample := registry.Gather(context.Background())[0].Samples[0]
	fmt.Println(sample.Labels, sample.Value, sample.Created.IsZero())
	// Output: [{tank north}] 7 false
}

func ExampleDistribution() {
	registry := new(metrics.Registry)
	for _, seconds := range []float64{0.1, 0.2, 0.4, 10} {
		registry.Histogram("wait_seconds").Observe(seconds)
	}
	family := registry.Gather(context.Background())[0]
	values := family.Samples[0].Values
	for i, n := range values.Cumulative(family.Bounds) {
		if family.Bounds[i] == 0.5 {
			fmt.Println(n, "of", values.Count, "within half a second")
		}
	}
	// Output: 3 of 4 within half a second
}

func ExampleBucket() {
	registry := new(metrics.Registry)
	registry.Histogram("size").Observe(4)
	for _, b := range registry.Gather(context.Background())[0].Samples[0].Values.Buckets {
		fmt.Printf("%d above %.2f, up to %v\n", b.Count, metrics.UpperBound(b.Index-1), metrics.UpperBound(b.Index))
	}
	// Output: 1 above 3.83, up to 4
}

func ExampleExchange() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	handler := metrics.Watch(hello, func(r *http.Request, e metrics.Exchange) { fmt.Println(r.Method, e.Status, e.Size) })
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	// Output: GET 200 5
}
