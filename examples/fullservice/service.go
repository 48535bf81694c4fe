package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prodwright/prodwright/examples/fullservice/migrations"
	"github.com/prodwright/prodwright/examples/fullservice/users"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/pool"
)

// service is the wiring: what there is, and in which order it starts.
type service struct {
	settings
	measures
	group  *lifecycle.Group
	probes *health.Handler
	store  *users.Store
	own    servers

	exchanges admin.Exchanges // the last requests

	primary *pool.Pool
	opened  atomic.Pointer[pool.Pool] // the primary pool, for who may ask before it is open
	standby standby
}

func newService(cfg settings) (*service, error) {
	group, err := lifecycle.New(cfg.Lifecycle)
	if err != nil {
		return nil, err
	}
	measured, err := newMeasures(cfg.config)
	if err != nil {
		return nil, err
	}
	s := &service{settings: cfg, measures: measured, group: group, probes: &health.Handler{Service: "fullservice"}, store: &users.Store{}}
	disk, memory := checks.Disk("/"), checks.Memory()
	disk.Severity, memory.Severity = health.Degraded, health.Degraded // the database's disk is not this one
	watched := []health.Check{{Name: "lifecycle", Func: group.Ready, MaxAge: -1}, disk, memory}
	if !cfg.Redis.IsZero() {
		redis := checks.Redis(cfg.Redis.Reveal())
		redis.Severity = health.Degraded
		watched = append(watched, redis)
	}

	surface, err := s.surface()
	if err != nil {
		return nil, err
	}
	// Probes answer first and last: added first and of the phase that stops last.
	answers := group.HTTPServer("admin", &http.Server{Addr: cfg.AdminAddr, Handler: besideProbes(s.probes, surface), ReadHeaderTimeout: 5 * time.Second}, cfg.admin)
	answers.Phase = lifecycle.Close
	parts := append([]lifecycle.Part{answers, flight(surface)}, s.parts()...)
	if cfg.Database.URL.IsZero() {
		parts = append(parts, lifecycle.Part{Name: "own database servers", Phase: lifecycle.Close, Start: told(s.startServers), Stop: s.own.stop})
	}
	parts = append(parts,
		lifecycle.Part{Name: "primary pool", Phase: lifecycle.Close, Start: told(s.openPrimary), Stop: func(ctx context.Context) error { return s.primary.Close(ctx) }},
		lifecycle.Part{Name: "migrations", Start: told(s.migrate)},
		s.pool("primary", func() *pool.Pool { return s.primary }, s.Pools),
	)
	if cfg.Database.URL.IsZero() || !cfg.Standby.IsZero() {
		s.store.Standby = &s.standby
		watched = append(watched, s.standby.check())
		parts = append(parts, s.standby.part(func() pool.Config { return s.database(s.Standby) }))
	}
	if err := s.probes.Add(watched...); err != nil {
		return nil, err
	}
	return s, group.Add(append(parts, group.HTTPServer("api", s.server(), cfg.api))...)
}

// server returns the server of the API, which a slow or careless client cannot occupy for long.
func (s *service) server() *http.Server {
	return &http.Server{
		Addr: s.Addr, Handler: metrics.HTTP(s.registry, s.exchanges.Middleware(users.API(s.store))),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: users.RequestTimeout + 10*time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(l net.Listener) context.Context {
			slog.Info("serving", "users", "http://"+l.Addr().String()+"/users")
			return context.Background()
		},
	}
}

func (s *service) openPrimary(ctx context.Context) (err error) {
	s.primary, err = pool.New(ctx, s.database(s.Database.URL))
	if err != nil {
		return err
	}
	s.store.Primary = s.primary
	s.opened.Store(s.primary)
	return s.probes.Add(checks.Postgres(s.primary.Raw()))
}

// database is the pool's configuration with another URL.
func (s *service) database(url pool.Secret) pool.Config {
	c := s.Database
	c.URL = url
	return s.traced(c)
}

func (s *service) migrate(ctx context.Context) error {
	applied, err := migrations.Apply(ctx, s.primary)
	if err != nil {
		return errors.Join(errors.New("the tables could not be made"), err)
	}
	slog.Info("migrations", "applied", applied)
	return nil
}

// told makes a Start that a signal has cut short say so, instead of naming what broke because of it.
func told(start func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := start(ctx)
		if signal, ok := errors.AsType[*lifecycle.SignalError](context.Cause(ctx)); ok && err != nil {
			return signal
		}
		return err
	}
}
