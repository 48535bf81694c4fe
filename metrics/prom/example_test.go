package prom_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// A host that has a registry, and a handler that serves it, gets our metrics on the same page.
func ExampleRegister() {
	host := prometheus.NewRegistry() // or prometheus.DefaultRegisterer
	host.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "host_temperature_celsius", Help: "What the host measures."}))

	registry := new(metrics.Registry)
	if err := prom.Register(host, registry); err != nil {
		fmt.Println(err)
		return
	}
	registry.Describe("jobs", metrics.KindCounter, metrics.Description{Help: "Jobs that were done."})
	registry.Counter("jobs", metrics.Label{Name: "queue", Value: "mail"}).Inc()

	var mux http.ServeMux
	mux.Handle("GET /metrics", promhttp.HandlerFor(host, promhttp.HandlerOpts{})) // or promhttp.Handler()
	page := httptest.NewRecorder()
	mux.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(page.Body)
	// Output:
	// # HELP host_temperature_celsius What the host measures.
	// # TYPE host_temperature_celsius gauge
	// host_temperature_celsius 0
	// # HELP jobs_total Jobs that were done.
	// # TYPE jobs_total counter
	// jobs_total{queue="mail"} 1
}

// A prefix keeps two metrics of one name apart, and labels two registries.
func ExampleRegister_prefix() {
	host := prometheus.NewRegistry()
	host.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "What the host calls a job."}))

	registry := new(metrics.Registry)
	registry.Counter("jobs").Inc()
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"service": "mail"}, host)
	if err := prom.Register(prometheus.WrapRegistererWithPrefix("prodwright_", labelled), registry); err != nil {
		fmt.Println(err)
		return
	}
	families, err := host.Gather()
	for _, f := range families {
		for _, l := range f.GetMetric()[0].GetLabel() {
			fmt.Println(f.GetName(), l.GetName(), l.GetValue())
		}
	}
	fmt.Println(err)
	// Output:
	// prodwright_jobs_total service mail
	// <nil>
}

// A Collector can be given to whatever takes collectors.
func ExampleCollector() {
	registry := new(metrics.Registry)
	registry.Histogram("wait_seconds").Observe(0.2)

	own := prometheus.NewPedanticRegistry()
	own.MustRegister(prom.NewCollector(registry))
	families, err := prometheus.Gatherers{prometheus.DefaultGatherer, own}.Gather()
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "wait") {
			h := f.GetMetric()[0].GetHistogram()
			fmt.Println(f.GetName(), h.GetSampleCount(), "schema", h.GetSchema())
		}
	}
	fmt.Println(err)
	// Output:
	// wait_seconds 1 schema 4
	// <nil>
}
