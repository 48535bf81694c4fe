package pool

import (
	"context"
	"runtime/debug"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
)

// install puts the pool's hooks around those that Configure may have installed.
func (p *Pool) install(pc *pgxpool.Config) {
	tracers := slices.Clone(p.cfg.Tracers)
	if user := pc.ConnConfig.Tracer; user != nil {
		tracers = append(tracers, user)
	}
	if p.cfg.Echo {
		tracers = append(tracers, &echoTracer{p.cfg.Logger})
	}
	t := &poolTracer{pool: p, echo: p.cfg.EchoPool}
	t.reuse = pc.PrepareConn == nil && pc.BeforeAcquire == nil && pc.ShouldPing == nil //nolint:staticcheck // a deprecated hook keeps contexts as well
	if p.cfg.LeakThreshold > 0 {
		t.sample = p.cfg.LeakSampleEvery
	}
	if len(tracers) == 0 {
		pc.ConnConfig.Tracer = t
	} else {
		user := multitracer.New(tracers...)
		p.tracer, pc.ConnConfig.Tracer = user, &combinedTracer{Tracer: user, own: t}
	}
	p.installConnect(pc)
	p.installChecks(pc)
}

// uninstall takes the hooks that connect out of the configuration that [Pool.Raw] shows, once pgxpool has its own copy of
// them: in a second pool that somebody makes from it they would end with this one. The password is still provided.
func (p *Pool) uninstall(pc *pgxpool.Config, user pgxpool.Config) {
	pc.BeforeConnect, pc.AfterConnect = p.prepareConfig, user.AfterConnect
}

// installConnect gives a new connection its password, and the hooks around it a limit: pgxpool has none for them, so one
// that hangs would keep its place for ever. The dial function is that of the connection's own copy of the configuration.
func (p *Pool) installConnect(pc *pgxpool.Config) {
	before := pc.BeforeConnect
	p.prepareConfig = func(ctx context.Context, cc *pgx.ConnConfig) error {
		return p.limited(ctx, func(ctx context.Context) error {
			if err := p.authenticate(ctx, cc); err != nil || before == nil {
				return err
			}
			return hookFailed("BeforeConnect", before(ctx, cc))
		})
	}
	pc.BeforeConnect = func(ctx context.Context, cc *pgx.ConnConfig) error {
		err := p.prepareConfig(ctx, cc)
		if err != nil {
			p.connectFailed(err)
		}
		cc.DialFunc = p.dial(cc.DialFunc)
		return err
	}
	after := pc.AfterConnect
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		p.established(conn)
		err := p.limited(ctx, func(ctx context.Context) error {
			if p.sessionSetup != "" {
				if _, err := conn.Exec(ctx, p.sessionSetup); err != nil {
					return err
				}
			}
			if after == nil {
				return nil
			}
			return hookFailed("AfterConnect", after(ctx, conn))
		})
		if err != nil {
			p.connectFailed(err)
		}
		return err
	}
}

// limited calls f, which has as long as one attempt to connect and ends with the pool. The error is a *ConnectError.
func (p *Pool) limited(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.connectTimeout)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	if err := f(ctx); err != nil {
		return p.target.connectError(err)
	}
	return nil
}

// authenticate gives a new connection its password. Only the copy of the configuration that belongs to one connection
// ever holds it.
func (p *Pool) authenticate(ctx context.Context, cc *pgx.ConnConfig) error {
	password := p.password
	if p.cfg.PasswordFunc != nil {
		var err error
		if password, err = p.cfg.PasswordFunc(ctx); err != nil {
			return &passwordError{err}
		}
	}
	if !password.IsZero() {
		cc.Password = password.Reveal()
	}
	return nil
}

// ConnConfig returns what it takes to make one connection outside the pool, for LISTEN, for migrations or for
// replication: the pool's configuration with the password, without the pool's own tracer. Behind a pooler it has no
// session limits. It holds the password in plain text, so it must not be printed. Errors are a [*ConnectError], when
// PasswordFunc or a hook of Configure fails.
func (p *Pool) ConnConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	cc := p.raw.Config().ConnConfig
	cc.Tracer = p.tracer
	if err := p.prepareConfig(ctx, cc); err != nil {
		return nil, err
	}
	return cc, nil
}

// protect calls a hook that is told of an event. A panic in it is logged: passed on, it would end the process or lose the
// connection that is just handed over.
func (p *Pool) protect(hook string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			p.cfg.Logger.Error("hook panicked", "hook", hook, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}
