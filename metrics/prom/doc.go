// Package prom exports a [metrics.Registry] through client_golang: a host that has a registry of its own, and serves it,
// keeps both, and has the metrics of this library on the same page.
//
//	registry := new(metrics.Registry)
//	if err := prom.Register(prometheus.DefaultRegisterer, registry); err != nil {
//		return err
//	}
//	mux.Handle("GET /metrics", promhttp.Handler()) // as the host always had it
//
// Without client_golang nothing of this is needed: a metrics.Registry is an http.Handler that writes the texts.
//
// # What is exported
//
// Counters and histograms with the time of their creation, gauges, help, and the unit when it stands at the end of the name.
// A histogram has two forms at once: the buckets of [metrics.Family].Bounds, and all buckets as a native histogram of schema
// [metrics.Schema], which Prometheus takes when it is started with --enable-feature=native-histograms, or, from 3.8 on, when
// its configuration says scrape_native_histograms; its texts have only the first. Values of at most [metrics.ZeroThreshold], negative ones
// among them, are in its zero bucket. The count of a histogram is always the sum of its buckets, however many goroutines
// observe it meanwhile.
//
// # Names
//
// The registry of the host comes first. client_golang answers a scrape with an error, and promhttp by default with nothing
// else, when two metrics of one name differ in their help or kind, as those of a host that measures
// http_request_duration_seconds by itself would. [Register] therefore has every scrape ask the registry which names it
// has, and leaves out the metrics of those names; it logs a warning about each, once, by slog.Default. A prefix of their own
// keeps them:
//
//	prom.Register(prometheus.WrapRegistererWithPrefix("prodwright_", prometheus.DefaultRegisterer), registry)
//
// Labels that the registerer adds, as that of prometheus.WrapRegistererWith does, come first too: one of ours of the same name is
// exported as exported_<name>, which is logged once.
//
// It cannot know what unchecked collectors export, other metrics.Registries among them: two of them in one registry need a
// prefix or a label each. The names of this library's packages are none of those of the collectors of Go and of processes.
//
// # Concurrency
//
// Everything is safe for concurrent use. Each scrape has one goroutine that asks the registry; it ends when that answers,
// which is at once, except when the registry is itself collected as a part of another one: it then answers after the scrape.
// The first such scrape waits one second for it, and later ones do not: what they leave out is what was known before.
//
// # Errors
//
// [Register] returns those of the registry, and one when a metrics.Registry is registered with more than 20 different sets of label
// names. A scrape has none of its own.
package prom
