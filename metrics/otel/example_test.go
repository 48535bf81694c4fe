package otel_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
)

// A service that exports with OpenTelemetry gives our metrics to the same reader, which here is one that is read by hand.
func ExampleProducer() {
	registry := new(metrics.Registry)
	registry.Counter("jobs", metrics.Label{Name: "queue", Value: "mail"}).Add(3)
	registry.Histogram("wait_seconds").Observe(0.2)

	reader := metric.NewManualReader(metric.WithProducer(otel.NewProducer(registry)))
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	defer func() { _ = provider.Shutdown(context.Background()) }()

	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[float64]:
			fmt.Println(m.Name, data.DataPoints[0].Attributes.Encoded(attribute.DefaultEncoder()), data.DataPoints[0].Value)
		case metricdata.ExponentialHistogram[float64]:
			fmt.Println(m.Name, "in", m.Unit, data.DataPoints[0].Count, "at scale", data.DataPoints[0].Scale)
		}
	}
	// Output:
	// jobs_total queue=mail 3
	// wait_seconds in s 1 at scale 4
}
