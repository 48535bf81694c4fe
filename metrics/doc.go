// Package metrics keeps numbers about a service, answers questions about their last 25 hours, and exports them to
// Prometheus.
//
//	registry := new(metrics.Registry)
//	go registry.Run(ctx) // or as a part of package lifecycle
//
//	type labels struct {
//		Route string
//		Code  string
//	}
//	requests := metrics.NewCounterVec[labels](registry, "http_requests")
//	requests.With(labels{"/users", "200"}).Inc()
//	registry.Histogram("job_duration_seconds").Observe(0.25)
//
//	s, _ := registry.Summary("job_duration_seconds", 5*time.Minute)
//	fmt.Println(s.Count, s.P95, s.Covered)
//
//	mux.Handle("GET /metrics", registry)
//
// A package that only gives values takes the interface [Collector]. Handles are got once and cheap for ever: recording
// takes no lock and no memory. Nothing panics and nothing blocks because of a metric.
//
// # Names
//
// Names are made of letters, digits, underscores and colons; anything else, dots included, becomes an underscore, so
// database.queries is database_queries. A counter is exported with the suffix _total and can be asked for with it or
// without. Units are base units, and stand at the end of the name: _seconds, _bytes, _ratio. [Registry.Describe] adds a
// sentence of help.
//
// # Kinds
//
// A counter only grows. A gauge goes up and down. A histogram is a distribution: it needs no choice of buckets, because
// it has sixteen for every power of two between 2^-30 and 2^43, so that a quantile is within 2.2 % of a value that was
// observed. A timer is a histogram of seconds: [Do], [Start].
//
// # Windows
//
// [Registry.Summary] answers for any window up to [MaxWindow], [Registry.Select] for all series whose names fit a pattern,
// [Registry.Query] is a source for alerts and scaling, [Registry.SummaryBefore] is for comparing. The past is kept in steps of
// 10 s for 6 minutes, 1 min for 65, 10 min for 25 hours and 1 h for 50; a window is rounded up to whole steps, and Covered says how much time the figures are really of. Clocks
// that are set do not matter: steps are measured by the monotonic clock. After a restart the past begins anew, and Covered
// says that too.
//
// # Memory
//
// It is limited by construction: the number of series by [Config].MaxSeries and MaxTotalSeries, the past by MaxHistory. One
// series with three labels takes about 0.7 kB, a histogram 2 kB more, and more when many processors observe it. The
// past of 50 hours takes about 1 kB for a counter, 4 to 10 kB for a gauge, 60 to 150 kB for a histogram, depending on how far
// its values are spread.
//
// When MaxHistory is used up, that is logged once, and it is shared out: each series may have as much as any other, and what
// those need less that need little goes to the rest. A series that needs more than its share forgets what is longest ago, so
// that short windows stay as they were and Covered of long ones shrinks, of a metric to that of its series which forgot most.
// New series get their share too. 64 MiB are enough for 450 histograms that are all in use. A share is never less
// than MaxHistory/n*7/8 with n series, and 5 minutes of a histogram take about 4 kB. When much is free again the shares end.
//
// # Expiry
//
// With [Config].MaxIdle a series is removed when nothing was recorded to it for that long, nobody looked it up, and nobody has its handle any more: what
// it took of the limits and of the memory is free for others, and metrics_expired_series_total counts it. What was recorded is
// never lost: it is in the export until then. The garbage collector has to find that nobody has a handle, which takes it two
// minutes at most, if it runs at all. These series stay:
//
//   - those whose handles somebody has. So keep that of a gauge which is set once, such as one with the version as a label;
//   - gauges that were added to and are not exactly 0: what is taken from them later would be missing;
//   - those without labels, which are the only ones of their metrics;
//   - those of [Registry.GaugeFunc], those for what exceeds a limit, and the registry's own.
//
// A [Vec] lets go of its handles twice in that time, and learns those that are used anew. It cannot do so when a [Collector] of
// your own puts handles into others: then no series expires that it has. When there is room again values get series of their
// own; a handle that was got when there was none remains that of the overflow.
//
// A series that comes again begins at 0, with a new [Sample].Created. A Prometheus that is not told of that time sees the reset
// when the value is lower than it was.
//
// [Registry.Run] and the figures find what is idle, and without Run the exports.
//
// Windows lack what removed series did. As nothing was recorded to them for MaxIdle, no sum over a shorter time lacks anything;
// with a MaxIdle of [MaxAgo] none does at all. [Registry.RatePerHour] and [Registry.Compare] return an error when MaxIdle is too short.
//
// # Business
//
// [Registry.RatePerHour] reads how often something happens during business hours, [Registry.Compare] and [Registry.QueryRatio]
// compare with the same time of yesterday.
//
// # Concurrency
//
// Everything is safe for concurrent use. There is one goroutine for each func of [Registry.GaugeFunc] while it is asked; it
// ends when the func returns.
//
// # Errors
//
// Recording has none. Misuse is counted in metrics_misuses_total and logged once for each metric; with [Config].Strict it
// panics, for tests. What exceeds a limit is counted in metrics_overflows_total.
package metrics
