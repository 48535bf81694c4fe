package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/prodwright/prodwright/pool"
)

// exampleConfig leads to the test server; a service gives its DATABASE_URL.
func exampleConfig() pool.Config {
	return pool.Config{URL: pool.NewSecret(shared.URL("postgres")), Size: 2, MaxOverflow: -1}
}

func Example() {
	ctx := context.Background()
	p, err := pool.New(ctx, exampleConfig())
	if err != nil {
		fmt.Println(err) // names the cause and the remedy
		return
	}
	var answer int
	err = p.QueryRow(ctx, "select 6 * 7").Scan(&answer)
	fmt.Println(answer, err)

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	fmt.Println(p.Close(ctx))
	// Output:
	// 42 <nil>
	// <nil>
}

func ExampleConfig() {
	cfg := pool.Config{Host: "db.example", SSLMode: "verify-full", SSLRootCert: "system", Size: 8, MaxOverflow: 2}
	fmt.Println(cfg.MaxConns(), cfg.Validate())

	// Everything that is wrong is reported at once.
	cfg = pool.Config{Size: -1, SSLMode: "always", StatementTimeout: time.Microsecond}
	fmt.Println(cfg.Validate())
	// Output:
	// 10 <nil>
	// pool: invalid configuration:
	// 	SSLMode is "always": must be one of disable, allow, prefer, require, verify-ca, verify-full
	// 	Size is -1: must be at least 1
	// 	StatementTimeout is 1µs: must be between 1ms and 24 days, the range of the server's setting
}

func ExampleConfig_DSN() {
	cfg := pool.Config{Host: "db.example", User: "app", Password: pool.NewSecret("p@ss/word"), Database: "shop", SSLMode: "disable"}
	dsn, err := cfg.DSN()
	fmt.Println(dsn, err) // a secret is not printed ...
	u, _ := url.Parse(dsn.Reveal())
	password, _ := u.User.Password()
	fmt.Println(password) // ... until somebody asks for it
	// Output:
	// [redacted] <nil>
	// p@ss/word
}

func ExampleReferenceConfig() {
	cfg := pool.ReferenceConfig()
	fmt.Println(cfg.Size, cfg.MaxOverflow, cfg.AcquireTimeout, cfg.AppName)
	// Output: 20 30 30s SQLModel_App
}

func ExampleConfigError() {
	err := pool.Config{Size: -1, Port: 70000}.Validate()
	if ce, ok := errors.AsType[*pool.ConfigError](err); ok {
		fmt.Println(len(ce.Problems), "problems")
	}
	// Output: 2 problems
}

func ExampleFieldError() {
	err := pool.Config{Port: 70000}.Validate()
	if fe, ok := errors.AsType[*pool.FieldError](err); ok {
		fmt.Println(fe.Field, "|", fe.Value, "|", fe.Rule)
	}
	// Output: Port | 70000 | must be between 1 and 65535
}

func ExampleConnectError() {
	cfg := exampleConfig()
	cfg.URL = pool.NewSecret(shared.URL("absent"))
	_, err := pool.New(context.Background(), cfg)
	if ce, ok := errors.AsType[*pool.ConnectError](err); ok {
		fmt.Println(ce.Cause)
		fmt.Println(ce.Cause.Remedy())
	}
	// Output:
	// no such database
	// check the database name (DB_NAME), or create it
}

func ExampleCause() {
	fmt.Println(pool.CauseTooManyClients.Remedy())
	// Output: lower the pool sizes of all instances below max_connections, put a pooler in between, or find the client that leaks connections
}

func ExampleAcquireError() {
	ctx := context.Background()
	cfg := exampleConfig()
	cfg.Size, cfg.AcquireTimeout = 1, 10*time.Millisecond
	p, err := pool.New(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	held, err := p.Acquire(ctx)
	for err != nil { // on a busy machine the first connection may take longer than 10 ms
		held, err = p.Acquire(ctx)
	}
	_, err = p.Acquire(ctx)
	if ae, ok := errors.AsType[*pool.AcquireError](err); ok {
		fmt.Println(errors.Is(err, pool.ErrAcquireTimeout), ae.Stats.CheckedOut, len(ae.Holders))
	}
	held.Release()
	fmt.Println(p.Close(ctx))
	// Output:
	// true 1 1
	// <nil>
}

func ExampleCloseError() {
	ctx := context.Background()
	p, err := pool.New(ctx, exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	leaked, err := p.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	deadline, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	err = p.Close(deadline)
	if ce, ok := errors.AsType[*pool.CloseError](err); ok {
		fmt.Println(len(ce.Holders), "not returned")
	}
	leaked.Release()
	fmt.Println(p.Close(ctx))
	// Output:
	// 1 not returned
	// <nil>
}

func ExampleHolder() {
	h := pool.Holder{PID: 4711, Held: 31 * time.Second, Caller: "app.handler (handler.go:12)"}
	fmt.Println(h)
	// Output: pid 4711 for 31s by app.handler (handler.go:12)
}

func ExamplePool() {
	ctx := context.Background()
	p, err := pool.New(ctx, exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	// During a failover: callers wait instead of failing, then get connections to the new primary.
	p.Suspend()
	// ... the address moves ...
	p.Evict()
	p.Resume()
	fmt.Println(p.Check(ctx), p.Close(ctx))
	// Output: <nil> <nil>
}

func ExamplePooler() {
	cfg := exampleConfig()
	cfg.Pooler = pool.PoolerTransaction // said, not found out: one connection less at start
	p, err := pool.New(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(p.Warnings()), "warning", p.Close(context.Background()))
	// Output: 1 warning <nil>
}

func ExampleSecret() {
	password := pool.NewSecret("hunter2")
	fmt.Printf("%v %+v %q\n", password, password, password)
	fmt.Println(password.Reveal())
	// Output:
	// [redacted] [redacted] [redacted]
	// hunter2
}

func ExampleStats() {
	ctx := context.Background()
	p, err := pool.New(ctx, exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := p.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := p.Stats()
	fmt.Println(s.Size, s.CheckedOut, s.Overflow, s.Invalid)
	c.Release()
	fmt.Println(p.Close(ctx))
	// Output:
	// 2 1 0 0
	// <nil>
}
