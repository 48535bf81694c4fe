// Fullservice is a small service as it runs in production: users on a PostgreSQL primary, read from a streaming standby,
// with probes on a second port and a shutdown that loses no request.
//
//	go run ./examples/fullservice                 # until Ctrl-C; starts its own primary and standby
//	go run ./examples/fullservice -smoke -json    # drives itself under load, prints a verdict, ends
//
// Environment: DATABASE_URL and STANDBY_URL name databases to use instead of its own, REDIS_URL a Redis to watch, ADDR
// (127.0.0.1:8080) and ADMIN_ADDR (127.0.0.1:8081) where it listens.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func main() {
	smoke := flag.Bool("smoke", false, "drive the service under load once, and end")
	requests := flag.Int("requests", 2000, "how many requests -smoke sends before it asks for the shutdown")
	demo.Main(func(ctx context.Context, v *demo.Verdict) error {
		cfg := settings{
			databaseURL: os.Getenv("DATABASE_URL"), standbyURL: os.Getenv("STANDBY_URL"), redisURL: os.Getenv("REDIS_URL"),
			addr: cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), adminAddr: cmp.Or(os.Getenv("ADMIN_ADDR"), "127.0.0.1:8081"),
		}
		switch {
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
		if signal, ok := errors.AsType[*lifecycle.SignalError](err); ok {
			v.Claimf(true, "told to stop before it had started: %v", signal)
			err = nil
		} else {
			v.Claimf(err == nil, "started and stopped in order")
		}
		report(v, s.group.Report())
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
	cfg.api, cfg.admin, cfg.drain = api, admin, smokeDrain
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
