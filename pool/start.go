package pool

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Bounds of the pause between two attempts to reach the server at start. The pause doubles, with full jitter.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// serverInfo is what the first connection learns about the server.
type serverInfo struct {
	pooler         bool
	maxConnections int // what this role may open, after reserved ones
}

// reach connects once, trying again within StartTimeout while the cause may pass. When a pooler refuses the session
// limits in the startup packet it tries again without them at once.
func reach(ctx context.Context, pc *pgxpool.Config, c Config, t target) (serverInfo, Pooler, error) {
	started, pooler := time.Now(), c.Pooler
	if c.StartTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.StartTimeout)
		defer cancel()
	}
	adapted := false
	var before *ConnectError // of the last attempt that was not cut short
	for attempt, pause := 1, shortestPause; ; attempt++ {
		probe := pc.Copy()
		if adapted || pooler == PoolerSession || pooler == PoolerTransaction {
			adapt(probe, PoolerTransaction)
		}
		info, err := inspect(ctx, probe, cmp.Or(pc.ConnConfig.ConnectTimeout, c.ConnectTimeout))
		if err == nil {
			if info.pooler && pooler == PoolerAuto {
				pooler = PoolerTransaction
			}
			return info, pooler, nil
		}
		if refusesStartupParameter(err) && pooler == PoolerAuto && !adapted {
			adapted, pooler = true, PoolerTransaction
			continue
		}
		failure := t.connectError(err)
		deadline, limited := ctx.Deadline()
		over := ctx.Err() != nil || limited && !time.Now().Before(deadline) // a dialer may notice before ctx does
		if over && failure.Cause == CauseTimeout && before != nil {
			failure = before // the time for starting ran out in the middle of an attempt, which says nothing
		}
		before = failure
		failure.Attempts, failure.Elapsed = attempt, time.Since(started)
		if c.StartTimeout < 0 || !failure.Cause.temporary() || over {
			return info, pooler, failure
		}
		c.Logger.WarnContext(ctx, "database not reachable yet", "target", t.name, "cause", string(failure.Cause),
			"attempt", attempt, "error", failure.Error())
		if !sleep(ctx, rand.N(pause)) {
			failure.Elapsed = time.Since(started)
			return info, pooler, failure
		}
		pause = min(2*pause, longestPause)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// limitsSQL asks for everything the start-up warnings need. It works on 14 and later: reserved_connections came with 16.
// Reserved connections are not for ordinary roles, and limits of roles and databases not for superusers; -1 means none.
const limitsSQL = `
select pg_backend_pid(),
       case when (select rolsuper from pg_roles where rolname = current_user) then current_setting('max_connections')::int
            else least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                         - coalesce(current_setting('reserved_connections', true)::int, 0),
                       nullif((select rolconnlimit from pg_roles where rolname = current_user), -1),
                       nullif((select datconnlimit from pg_database where datname = current_database()), -1)) end`

// longestMessage is how long a message of the server may be that answers inspect. What is not PostgreSQL sends text that
// looks like the beginning of a very long one.
const longestMessage = 1 << 20

// inspect makes one connection, which has as long as one attempt to connect for what it is asked. The session limits are
// for the application's statements.
func inspect(ctx context.Context, pc *pgxpool.Config, limit time.Duration) (serverInfo, error) {
	cc := pc.ConnConfig
	cc.Tracer, cc.MaxProtocolMessageBodyLen = nil, longestMessage
	if _, ok := cc.RuntimeParams["statement_timeout"]; ok {
		cc.RuntimeParams["statement_timeout"] = "0"
	}
	if pc.BeforeConnect != nil {
		if err := pc.BeforeConnect(ctx, cc); err != nil {
			return serverInfo{}, err
		}
	}
	conn, err := pgx.ConnectConfig(withAttempt(ctx), cc)
	if err != nil {
		return serverInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if c := connOf(conn); c != nil && conn.IsClosed() {
			c.closeSoon()
		}
		_ = conn.Close(ctx)
	}()
	var info serverInfo
	var pid uint32
	err = conn.QueryRow(ctx, limitsSQL, pgx.QueryExecModeExec).Scan(&pid, &info.maxConnections)
	info.pooler = pid != conn.PgConn().PID()
	return info, err
}

// warnings compares the configuration with the server's limits and with what production asks for.
func warnings(c Config, pc *pgxpool.Config, info serverInfo, pooler Pooler, moved []string) []string {
	var w []string
	if !info.pooler && int(pc.MaxConns) > info.maxConnections {
		w = append(w, fmt.Sprintf("the pool may open %d connections but the server has room for %d in all: lower Size or MaxOverflow "+
			"(every instance of the service counts)", pc.MaxConns, info.maxConnections))
	}
	if c.Environment == "production" {
		switch configs := tlsConfigs(pc.ConnConfig); {
		case len(configs) == 0: // sockets
		case !slices.ContainsFunc(configs, func(c *tls.Config) bool { return c != nil }):
			w = append(w, "connections are not encrypted in production: use sslmode=verify-full with the root certificate")
		case slices.Contains(configs, nil):
			w = append(w, "sslmode=prefer and sslmode=allow give up encryption when the server, or whoever poses as it, offers none: "+
				"use sslmode=verify-full with the root certificate (DB_SSL_MODE, DB_SSL_ROOT_CERT)")
		case slices.ContainsFunc(configs, unverified):
			w = append(w, "sslmode=require encrypts but does not verify the server, so anyone on the path can pose as it: "+
				"use sslmode=verify-full with the root certificate (DB_SSL_MODE, DB_SSL_ROOT_CERT)")
		}
	}
	if pooler == PoolerTransaction {
		text := "a connection pooler stands in between: prepared statements are off"
		if len(moved) > 0 {
			text += fmt.Sprintf(", and %s apply only in transactions begun through the Pool; to cover every statement run "+
				"ALTER ROLE %s SET ... on the server", strings.Join(moved, ", "), pgx.Identifier{pc.ConnConfig.User}.Sanitize())
		}
		w = append(w, text)
	}
	return w
}

// target names the database in messages.
type target struct{ name string }

func newTarget(pc *pgxpool.Config) target {
	cc := pc.ConnConfig
	var hosts []string
	add := func(host string, port uint16) {
		name := fmt.Sprintf("%s:%d", host, port)
		if strings.Contains(host, ":") {
			name = fmt.Sprintf("[%s]:%d", host, port)
		}
		if n := len(hosts); n == 0 || hosts[n-1] != name {
			hosts = append(hosts, name)
		}
	}
	add(cc.Host, cc.Port)
	for _, f := range cc.Fallbacks {
		add(f.Host, f.Port)
	}
	return target{fmt.Sprintf("%s@%s/%s", cc.User, strings.Join(hosts, ","), cc.Database)}
}

func (t target) connectError(err error) *ConnectError {
	if e, ok := asType[*ConnectError](err); ok {
		return e
	}
	return &ConnectError{Target: t.name, Cause: diagnose(err), Attempts: 1, err: unwrapConnect(err)}
}

// unwrapConnect drops the *pgconn.ConnectError, whose Config field holds the password, and keeps what it wraps.
func unwrapConnect(err error) error {
	if e, ok := asType[*pgconn.ConnectError](err); ok {
		if inner := errors.Unwrap(e); inner != nil {
			return inner
		}
	}
	return err
}
