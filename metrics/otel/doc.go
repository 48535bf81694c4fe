// Package otel exports a [metrics.Registry] through the SDK of OpenTelemetry: a [Producer] is given to a reader, beside
// whatever the service measures with OpenTelemetry itself.
//
//	registry := new(metrics.Registry)
//	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(otel.NewProducer(registry)))
//	provider := metric.NewMeterProvider(metric.WithReader(reader)) // of go.opentelemetry.io/otel/sdk/metric
//
// # What is exported
//
// Counters as sums, which are monotonic, gauges as gauges, histograms as exponential histograms of scale [metrics.Schema],
// whose buckets are exactly those of the registry. The start of a sum and of a histogram is when its series was made.
// Values of at most [metrics.ZeroThreshold], negative ones among them, are in the zero bucket; there is no minimum and no
// maximum, since those are known of windows only.
//
// Everything is cumulative, whatever temporality the reader prefers: the SDK leaves what producers return as it is. An
// exporter to a system that reads nothing but deltas needs a collector with the processor cumulativetodelta.
//
// # Names
//
// Names are those under which the registry exports its metrics otherwise, their units and _total included, so that a metric
// has one name wherever it is looked at. Those who translate OpenTelemetry to Prometheus append a unit and _total only where
// they are missing, and come to the same name; with two exceptions, which they write otherwise: underscores at the beginning
// and several in a row, and the words total and ratio before the end of a name that ends in them.
//
// The unit is written as UCUM has it (s, By, 1) when it stands at the end of the name. Another one that
// [metrics.Description] has is put in braces, as in {requests}, because it would become a part of the name.
//
// # Sizes
//
// OpenTelemetry sends all buckets between the lowest and the highest that has values. Where these are more than
// [Producer].MaxBuckets, pairs of them are added up until they are not: each time, the error of a quantile doubles. The
// default of 160 is that of OpenTelemetry's own histograms, and so what every receiver can be expected to take; it is enough
// for a highest value that is a thousand times the lowest. Counts and sums stay exact.
//
// # Concurrency
//
// Everything is safe for concurrent use, and there are no goroutines.
//
// # Errors
//
// [Producer.Produce] returns that of a context that is done, and no other.
package otel
