// Fullservice is a small service as it runs in production: users on a PostgreSQL primary, read from a streaming standby,
// with probes on a second port and a shutdown that loses no request.
//
//	go run ./examples/fullservice                 # until Ctrl-C; starts its own primary and standby
//	go run ./examples/fullservice -smoke -json    # drives itself under load, prints a verdict, ends
//
//	go run ./examples/fullservice -print-config   # where each setting comes from
//
// Environment: DATABASE_URL and STANDBY_URL name databases to use instead of its own, REDIS_URL a Redis to watch, ADDR
// (127.0.0.1:8080) and ADMIN_ADDR (127.0.0.1:8081) where it listens; config.go has all of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func main() {
	smoke := flag.Bool("smoke", false, "drive the service under load once, and end")
	requests := flag.Int("requests", 2000, "how many requests -smoke sends before it asks for the shutdown")
	printConfig := flag.Bool("print-config", false, "print the configuration without secrets, and end")
	demo.Main(func(ctx context.Context, v *demo.Verdict) error {
		cfg, report, err := load()
		switch {
		case *printConfig:
			fmt.Fprint(os.Stderr, report)
			v.Claimf(err == nil, "the configuration is right (%d problems)", len(report.Problems))
			return nil
		case err != nil:
			return err
		case *requests < 1:
			return fmt.Errorf("-requests is %d: must be at least 1", *requests)
		case *smoke:
			return runSmoke(ctx, cfg, *requests, v)
		}
		s, err := newService(cfg)
		if err != nil {
			return err
		}
		err = s.group.Run(ctx)
		r := s.group.Report()
		// The API is the last part to start.
		serving := slices.ContainsFunc(r.Started, func(step lifecycle.Step) bool { return step.Part == "api" && step.Error == "" })
		if err == nil && !serving {
			v.Claimf(true, "told to stop before it had started: %s", r.Cause)
		} else {
			v.Claimf(err == nil, "started and stopped in order")
		}
		started(v, r)
		return err
	})
}

// smokeDrain is the drain window of -smoke, long enough for a load balancer that looks often.
const smokeDrain = 2 * time.Second

// runSmoke drives the service on ports of its own.
func runSmoke(ctx context.Context, cfg settings, requests int, v *demo.Verdict) error {
	api, err1 := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	admin, err2 := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	cfg.api, cfg.admin, cfg.Lifecycle.Drain = api, admin, smokeDrain
	s, err := newService(cfg)
	if err != nil {
		return err
	}
	c := newCrowd("http://"+api.Addr().String(), "http://"+admin.Addr().String(), int64(requests), s)
	if err := s.group.Add(c.part()); err != nil {
		return err
	}
	err = s.group.Run(ctx)
	c.judge(v)
	return err
}
