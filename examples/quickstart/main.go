// Quickstart is the smallest service: a pool, probes and an orderly end. It starts a PostgreSQL of its own unless
// DATABASE_URL names one, asks itself what time it is, and ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/pool"
)

func main() { demo.Main(run) }

func run(ctx context.Context, v *demo.Verdict) error {
	url, stop, err := demo.Database(ctx)
	if err != nil {
		return err
	}
	defer stop()
	db, err := pool.New(ctx, pool.Config{URL: pool.NewSecret(url)})
	if err != nil {
		return err
	}
	group, err1 := lifecycle.New(lifecycle.Config{Drain: time.Second})
	listener, err2 := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0") // a service gives HTTPServer an Addr instead
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	mux, probes := http.NewServeMux(), &health.Handler{}
	mux.Handle("/", probes)
	mux.HandleFunc("GET /now", func(w http.ResponseWriter, r *http.Request) {
		var now time.Time
		if err := db.QueryRow(r.Context(), "select now()").Scan(&now); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, now.Format(time.RFC3339))
	})
	if err := errors.Join(
		probes.Add(checks.Postgres(db.Raw()), health.Check{Name: "lifecycle", Func: group.Ready, MaxAge: -1}),
		group.Add(
			lifecycle.Part{Name: "pool", Phase: lifecycle.Close, Stop: db.Close},
			group.HTTPServer("api", &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}, listener),
			lifecycle.Part{Name: "visitor", Phase: lifecycle.Background, Run: func(ctx context.Context) error {
				defer group.Shutdown() // a service waits for SIGTERM
				return v.Visit(ctx, "http://"+listener.Addr().String(), "/readyz", "/now")
			}})); err != nil {
		return err
	}
	return group.Run(ctx)
}
