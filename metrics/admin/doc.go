// Package admin is what an operator looks at: one [http.Handler] over the whole service, for a port of its own.
//
//	levels := new(slog.LevelVar)
//	authorize, err := admin.Token(token) // everything for who has it
//	surface, err := admin.New(admin.Config{
//		Service:   "orders",
//		Registry:  registry,                                 // metrics, windows, report
//		Health:    probes,                                   // of package health
//		Levels:    map[string]admin.Leveler{"app": levels},  // log levels
//		Exchanges: exchanges,                                // the last requests
//		Tasks:     tasks,                                    // what runs at times, and on request
//		Parts: []admin.Part{
//			{Name: "config", Handler: report},               // of package envcfg
//			{Name: "startup", Value: func(context.Context) (any, error) { return group.Report(), nil }},
//			{Name: "breakers", Value: func(context.Context) (any, error) { return registry.Status(), nil }},
//		},
//		Authorize: authorize,
//		Flight:    10 * time.Second,                         // a trace of the last seconds, always
//	})
//	server := &http.Server{Addr: "127.0.0.1:8081", Handler: surface}
//
// What a [Part] shows is any value that encodes as JSON, or any handler, so the package knows none of what it shows.
//
// # Pages
//
//	/             what there is, the state of the service; /status is the same for machines
//	/info         build, version control, runtime, modules
//	/sbom         the modules as a CycloneDX document
//	/health/      the probes: /health/livez, /health/readyz, /health/startupz
//	/metrics      for Prometheus
//	/windows      count, rate, quantiles of every metric; ?window=1h, ?match=http*; /windows/<name> by labels
//	/report       the performance report; ?window=24h, ?format=markdown
//	/loggers      levels; POST /loggers/<name> with level=debug and for=10m
//	/tasks        last and next runs; POST /tasks/<name> runs one
//	/exchanges    the last requests
//	/goroutines   what they all do; ?debug=2 one by one
//	/pprof/       profiles: go tool pprof http://host/pprof/profile?seconds=30
//	/flight       an execution trace of the last seconds: go tool trace
//	/<name>       the parts
//
// A browser gets a page, everybody else JSON; ?format=json and ?format=html decide. It works below any path, with and
// without [http.StripPrefix].
//
// # Access
//
// Looking is free unless [Config.Restrict] is set: the port is for operators only. Dumps, which may hold data of users, and
// changes need an [Authorizer], and are closed (404) without one. What another site makes a browser ask for is refused (403):
// changes, and dumps. Each dump, each change and each refusal is logged, with the address that it came from. Pages that may
// be looked at have no protection against a name that is made to lead to their address (DNS rebinding) but Restrict.
//
// # Secrets
//
// Values are masked by their names and by what they look like, in what parts return, in errors, and in the JSON, the texts
// and the headers that handlers of parts answer with, which are kept until they are whole, 4 MiB at most. That is a net
// below, not a licence: names and patterns do not know every secret. [Config.Mask] can know more. Not masked are /metrics,
// whose labels are the service's own, dumps, and what parts declare to be HTML, events, or no text.
//
// # Concurrency
//
// Everything is safe for concurrent use.
//
// # Errors
//
// They are answered as JSON, or as a page, with the reason in "error". A part that fails, panics or takes longer than ten
// seconds and respects its context takes nothing else with it.
package admin
