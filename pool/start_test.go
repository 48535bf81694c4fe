package pool_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// failsWith requires New to fail with cause, and returns its error's text, which names the remedy.
func failsWith(t *testing.T, cause pool.Cause, cfg pool.Config) string {
	t.Helper()
	_, err := pool.New(t.Context(), cfg)
	var ce *pool.ConnectError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, cause, ce.Cause, "%v", err)
	require.Contains(t, err.Error(), cause.Remedy())
	require.NotContains(t, err.Error(), "\n")
	t.Log(err)
	return err.Error()
}

// replace changes parts of a URL of the shared server.
func replace(url pool.Secret, oldnew ...string) pool.Secret {
	return pool.NewSecret(strings.NewReplacer(oldnew...).Replace(url.Reveal()))
}

func TestStartNamesCauseAndRemedy(t *testing.T) {
	t.Parallel()
	scram := pgtest.New(t, pgtest.Config{SCRAM: true, Password: "right-password"})
	url := pool.NewSecret(scram.URL("postgres"))

	t.Run("connection refused", func(t *testing.T) {
		t.Parallel()
		proxy := listen(t, "127.0.0.1:1")
		addr := proxy.Addr()
		require.NoError(t, proxy.Close()) // nobody listens there now
		text := failsWith(t, pool.CauseRefused, pool.Config{URL: replace(url, scram.Addr(), addr), StartTimeout: time.Second})
		require.Contains(t, text, "postgres@"+addr+"/postgres")
	})
	t.Run("no socket", func(t *testing.T) {
		t.Parallel()
		failsWith(t, pool.CauseRefused, pool.Config{Host: t.TempDir(), SSLMode: "disable", StartTimeout: -1})
	})
	t.Run("DNS", func(t *testing.T) {
		t.Parallel()
		text := failsWith(t, pool.CauseDNS, pool.Config{Host: "db.invalid", StartTimeout: -1})
		require.Contains(t, text, "app_user@db.invalid:5432/production_db")
	})
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		text := failsWith(t, pool.CausePassword, pool.Config{URL: replace(url, "right-password", "wrong-password")})
		require.NotContains(t, text, "attempts", "a wrong password is not tried again")
	})
	t.Run("no such database", func(t *testing.T) {
		t.Parallel()
		failsWith(t, pool.CauseNoDatabase, pool.Config{URL: pool.NewSecret(scram.URL("absent"))})
	})
	t.Run("not in pg_hba.conf", func(t *testing.T) {
		t.Parallel()
		server := pgtest.New(t, pgtest.Config{HBA: []string{"host all postgres 127.0.0.1/32 trust"}})
		failsWith(t, pool.CauseNotAllowed, pool.Config{URL: replace(pool.NewSecret(server.URL("postgres")), "postgres@", "somebody@")})
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		failsWith(t, pool.CauseTLSUnavailable, pool.Config{URL: replace(url, "sslmode=disable", "sslmode=require")})
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		proxy := listen(t, scram.Addr())
		proxy.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
		failsWith(t, pool.CauseTimeout, pool.Config{URL: replace(url, scram.Addr(), proxy.Addr()), ConnectTimeout: 100 * time.Millisecond, StartTimeout: -1})
	})
	t.Run("closed at once", func(t *testing.T) {
		t.Parallel()
		proxy := listen(t, scram.Addr())
		proxy.ResetAfter(0)
		failsWith(t, pool.CauseReset, pool.Config{URL: replace(url, scram.Addr(), proxy.Addr()), StartTimeout: -1})
	})
	t.Run("unknown setting", func(t *testing.T) {
		t.Parallel()
		text := failsWith(t, pool.CauseSettings, pool.Config{URL: pool.NewSecret(url.Reveal() + "&conect_timeout=5")})
		require.NotContains(t, text, "attempts", "a mistake is not tried again")
		failsWith(t, pool.CauseSettings, pool.Config{URL: url, TimeZone: "Mars/Phobos"})
	})
	t.Run("database allows no connections", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, scram.Exec(t.Context(), "postgres", "create database closed allow_connections false"))
		failsWith(t, pool.CauseNotAllowed, pool.Config{URL: pool.NewSecret(scram.URL("closed"))})
	})
	t.Run("socket of others", func(t *testing.T) {
		t.Parallel()
		failsWith(t, pool.CauseNotAllowed, pool.Config{Host: t.TempDir(), Configure: func(c *pgxpool.Config) error {
			c.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, os.ErrPermission }
			return nil
		}})
	})
	t.Run("wrong role", func(t *testing.T) {
		t.Parallel()
		text := failsWith(t, pool.CauseRole, pool.Config{URL: pool.NewSecret(url.Reveal() + "&target_session_attrs=standby"), StartTimeout: 3 * time.Second})
		require.Contains(t, text, "attempts", "another server may take over")
	})
	t.Run("not PostgreSQL", func(t *testing.T) {
		t.Parallel()
		web, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			c, err := web.Accept()
			if err == nil {
				_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		}()
		failsWith(t, pool.CauseNotPostgreSQL, pool.Config{URL: replace(url, scram.Addr(), web.Addr().String())})
		<-answered
		require.NoError(t, web.Close())
	})
	t.Run("behind PgBouncer", func(t *testing.T) {
		t.Parallel()
		bouncer := startBouncer(t, pgtest.BouncerConfig{Server: pgtest.New(t, pgtest.Config{})})
		failsWith(t, pool.CauseNoDatabase, pool.Config{URL: pool.NewSecret(bouncer.URL("absent"))})
		failsWith(t, pool.CauseSettings, pool.Config{URL: pool.NewSecret(bouncer.URL("postgres") + "&search_path=app")})
	})
	t.Run("password source", func(t *testing.T) {
		t.Parallel()
		cause := errors.New("vault is sealed")
		_, err := pool.New(t.Context(), pool.Config{URL: url, StartTimeout: -1, PasswordFunc: func(context.Context) (pool.Secret, error) { return pool.Secret{}, cause }})
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, string(pool.CausePasswordSource))
	})
}

// An attempt that is cut short by StartTimeout says nothing, so the cause is that of the one before.
func TestStartNamesTheCauseBeforeTimeRanOut(t *testing.T) {
	t.Parallel()
	proxy := listen(t, shared.Addr())
	proxy.Refuse()
	log := &logBuffer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !contains(log, "not reachable yet") {
			time.Sleep(time.Millisecond)
		}
		proxy.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
		_ = proxy.Accept()
	}()
	failsWith(t, pool.CauseRefused, pool.Config{
		URL: replace(sharedURL(t), shared.Addr(), proxy.Addr()), StartTimeout: 2 * time.Second, Logger: log.logger(),
	})
	<-done
}

func TestStartTooManyClients(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{Parameters: map[string]string{"max_connections": "5", "superuser_reserved_connections": "0", "max_wal_senders": "0"}})
	log := &logBuffer{}
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), Size: 20, MaxOverflow: -1, MinConns: -1, Logger: log.logger()})
	require.Len(t, p.Warnings(), 1)
	require.Contains(t, p.Warnings()[0], "the pool may open 20 connections but the server has room for 5 in all")
	require.True(t, contains(log, "room for 5"))
	eventually(t, "earlier sessions have ended", func() bool {
		var clients int
		require.NoError(t, p.QueryRow(t.Context(), "select count(*) from pg_stat_activity where backend_type = 'client backend'").Scan(&clients))
		return clients == 1
	})

	var held []*pgxpool.Conn
	var last error
	for last == nil {
		c, err := p.Acquire(t.Context())
		if last = err; err == nil {
			held = append(held, c)
		}
	}
	require.Len(t, held, 5)
	var ce *pool.ConnectError
	require.ErrorAs(t, last, &ce)
	require.Equal(t, pool.CauseTooManyClients, ce.Cause)
	t.Log(last)
	failsWith(t, pool.CauseTooManyClients, pool.Config{URL: pool.NewSecret(server.URL("postgres")), StartTimeout: -1})

	for _, c := range held { // what is open goes on serving
		_, err := c.Exec(t.Context(), "select 1")
		require.NoError(t, err)
		c.Release()
	}
	parallel(t, 50, func() error {
		c, err := p.Acquire(t.Context())
		var full *pool.ConnectError // each goroutine its own
		if errors.As(err, &full) && full.Cause == pool.CauseTooManyClients {
			return nil
		}
		if err == nil {
			c.Release()
		}
		return err
	})
	require.NoError(t, p.Check(t.Context()))
}

func TestStartWaitsForTheServer(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	url := pool.NewSecret(server.URL("postgres"))
	require.NoError(t, server.Stop(t.Context()))
	log := &logBuffer{}
	type result struct {
		p   *pool.Pool
		err error
	}
	opened := make(chan result, 1)
	go func() {
		p, err := pool.New(t.Context(), pool.Config{URL: url, StartTimeout: hang, Logger: log.logger()})
		opened <- result{p, err}
	}()
	eventually(t, "it tries again", func() bool { return contains(log, "attempt=3") })
	require.NoError(t, server.Start(t.Context()))
	r := <-opened
	require.NoError(t, r.err)
	require.NoError(t, r.p.Check(t.Context()))
	closePool(t, r.p)
}

// PgBouncer takes the connection itself and lets the first query wait for the server.
func TestStartWithOneAttemptEnds(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	bouncer := startBouncer(t, pgtest.BouncerConfig{Server: server, PoolMode: "transaction"})
	require.NoError(t, server.Hang())
	t.Cleanup(func() { require.NoError(t, server.Continue()) })
	failsWith(t, pool.CauseTimeout, pool.Config{URL: pool.NewSecret(bouncer.URL("postgres")), StartTimeout: -1, ConnectTimeout: 200 * time.Millisecond})
}

func TestStartDoesNotDependOnTheStatementTimeout(t *testing.T) {
	t.Parallel()
	for range 5 {
		open(t, pool.Config{URL: sharedURL(t), StatementTimeout: time.Millisecond, MinConns: -1, StartTimeout: -1})
	}
}

func TestStartWarnsOfTheLimitThatApplies(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{Parameters: map[string]string{"max_connections": "20", "superuser_reserved_connections": "3"}})
	require.NoError(t, server.Exec(t.Context(), "postgres", "create role app login"))
	for limit, room := range map[string]string{"-1": "17", "10": "10"} {
		require.NoError(t, server.Exec(t.Context(), "postgres", "alter role app connection limit "+limit))
		cfg := pool.Config{Host: server.Host(), Port: server.Port(), User: "app", Database: "postgres", SSLMode: "disable", MaxOverflow: -1, MinConns: -1}
		cfg.Size, _ = strconv.Atoi(room)
		require.Empty(t, open(t, cfg).Warnings())
		cfg.Size++
		require.Contains(t, strings.Join(open(t, cfg).Warnings(), ""), "has room for "+room+" in all")
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := pool.New(ctx, pool.Config{Host: "db.invalid", StartTimeout: time.Hour})
	var ce *pool.ConnectError
	require.ErrorAs(t, err, &ce)
}

func TestTLSVerification(t *testing.T) {
	t.Parallel()
	ca, other := newCA(t), newCA(t)
	cert, err := ca.Issue("127.0.0.1")
	require.NoError(t, err)
	server := pgtest.New(t, pgtest.Config{TLS: cert, SCRAM: true, Password: "p w/%@"})
	base := pool.Config{
		Host: server.Host(), Port: server.Port(), User: "postgres", Password: pool.NewSecret("p w/%@"), Database: "postgres",
		SSLMode: "verify-full", SSLRootCert: ca.CertFile(), Environment: "production",
	}
	p := open(t, base)
	require.Equal(t, 1, countOn(t, p, "select count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl"))
	require.Empty(t, p.Warnings(), "a verified server is not warned of")
	require.NoError(t, p.AcquireFunc(t.Context(), func(*pgxpool.Conn) error {
		require.Len(t, p.Holders(), 1, "the record is found below TLS")
		return nil
	}))

	wrongCA := base
	wrongCA.SSLRootCert = other.CertFile()
	failsWith(t, pool.CauseTLS, wrongCA)
	var unknown x509.UnknownAuthorityError
	_, err = pool.New(t.Context(), wrongCA)
	require.ErrorAs(t, err, &unknown)

	wrongName := base
	wrongName.Host = "localhost" // resolves to the same server, but the certificate names 127.0.0.1 only
	if _, err := net.LookupHost("localhost"); err == nil {
		failsWith(t, pool.CauseTLS, wrongName)
	}

	unverified := base
	unverified.SSLMode, unverified.SSLRootCert = "require", ""
	require.Contains(t, strings.Join(open(t, unverified).Warnings(), ""), "does not verify the server")
	unencrypted := base
	unencrypted.SSLMode, unencrypted.SSLRootCert = "disable", ""
	require.Contains(t, strings.Join(open(t, unencrypted).Warnings(), ""), "not encrypted")
	preferred := base
	preferred.SSLMode, preferred.SSLRootCert = "prefer", ""
	require.Contains(t, strings.Join(open(t, preferred).Warnings(), ""), "give up encryption")
	local := unverified
	local.Host = server.SocketDir()
	require.Empty(t, open(t, local).Warnings())
}

// A password rotated on the server is used by the next connection, without a restart.
func TestPasswordRotation(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{SCRAM: true, Password: "admin-password"})
	ctx := t.Context()
	require.NoError(t, server.Exec(ctx, "postgres", "create role app login password 'first-password'"))
	var current atomic.Value
	current.Store(pool.NewSecret("first-password"))
	p := open(t, pool.Config{
		Host: server.Host(), Port: server.Port(), User: "app", Database: "postgres", SSLMode: "disable",
		PasswordFunc: func(context.Context) (pool.Secret, error) { return current.Load().(pool.Secret), nil },
	})
	require.NoError(t, p.Check(ctx))

	require.NoError(t, server.Exec(ctx, "postgres", "alter role app password 'second-password'"))
	require.NoError(t, p.Check(ctx), "open sessions are not affected")
	p.Evict()
	err := p.Check(ctx)
	var ce *pool.ConnectError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, pool.CausePassword, ce.Cause)
	require.NotContains(t, err.Error(), "first-password")

	current.Store(pool.NewSecret("second-password"))
	require.NoError(t, p.Check(ctx))
	require.NotContains(t, p.Raw().Config().ConnString(), "password")
	require.Empty(t, p.Raw().Config().ConnConfig.Password, "the shared configuration never holds it")
}

func TestConnectErrorIsUnwrapped(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{SCRAM: true})
	_, err := pool.New(t.Context(), pool.Config{URL: replace(pool.NewSecret(server.URL("postgres")), server.Password(), "x")})
	var pgErr *pgconn.PgError
	require.ErrorAs(t, err, &pgErr)
	require.Equal(t, "28P01", pgErr.Code)
	var withConfig *pgconn.ConnectError
	require.NotErrorAs(t, err, &withConfig, "its Config field holds the password")

	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), MinConns: -1})
	require.NoError(t, server.Exec(t.Context(), "postgres", "alter role postgres password 'another'"))
	err = p.SendBatch(t.Context(), batch("select 1")).Close()
	var ce *pool.ConnectError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, pool.CausePassword, ce.Cause)
	require.NotErrorAs(t, err, &withConfig)
}

func newCA(t *testing.T) *pgtest.CA {
	t.Helper()
	ca, err := pgtest.NewCA()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ca.Close()) })
	return ca
}

func listen(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	proxy, err := faultproxy.Listen(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	return proxy
}

func countOn(t *testing.T, q pgxQuerier, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, q.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}
