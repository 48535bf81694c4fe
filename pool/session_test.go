package pool_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// show returns the session's settings as a connection of the pool sees them.
func show(t *testing.T, q pgxQuerier, name string) string {
	t.Helper()
	var value string
	require.NoError(t, q.QueryRow(t.Context(), "show "+name).Scan(&value))
	return value
}

func TestSessionSettingsAreInForce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	for name, tc := range map[string]struct {
		cfg  pool.Config
		want map[string]string
	}{
		"defaults (S1.1.11 to S1.1.13)": {pool.Config{AppName: "orders"}, map[string]string{
			"statement_timeout": "1min", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "5min",
			"TimeZone": "UTC", "application_name": "orders",
		}},
		"changed": {
			pool.Config{StatementTimeout: 1500 * time.Millisecond, LockTimeout: -1, IdleInTxTimeout: time.Hour, TimeZone: "Asia/Tokyo", AppName: "a'b"},
			map[string]string{
				"statement_timeout": "1500ms", "lock_timeout": "0", "idle_in_transaction_session_timeout": "1h",
				"TimeZone": "Asia/Tokyo", "application_name": "a'b",
			},
		},
		"in the URL": {pool.Config{URL: pool.NewSecret(url.Reveal() + "&statement_timeout=7000&application_name=url")}, map[string]string{
			"statement_timeout": "7s", "lock_timeout": "30s", "application_name": "url",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.cfg.URL.IsZero() {
				tc.cfg.URL = url
			}
			p := open(t, tc.cfg)
			for setting, want := range tc.want {
				require.Equal(t, want, show(t, p, setting), setting)
			}
			// A rollback does not revert them, as it did in the reference (S1.1.13).
			tx, err := p.Begin(t.Context())
			require.NoError(t, err)
			require.NoError(t, tx.Rollback(t.Context()))
			for setting, want := range tc.want {
				require.Equal(t, want, show(t, p, setting), setting)
			}
		})
	}
}

// What states a setting wins in this order: the URL, the field, the environment, the default.
func TestSessionSettingsHaveAnOrder(t *testing.T) {
	url := sharedURL(t).Reveal()
	t.Setenv("PGOPTIONS", "-c statement_timeout=3s --lock-timeout=4s")
	t.Setenv("PGTZ", "Asia/Tokyo")
	t.Setenv("PGAPPNAME", "environment")
	for name, tc := range map[string]struct {
		query string
		cfg   pool.Config
		want  []string // time zone, application name, statement and lock timeout
	}{
		"environment": {"", pool.Config{}, []string{"Asia/Tokyo", "environment", "3s", "4s"}},
		"fields": {
			"", pool.Config{TimeZone: "Europe/Paris", AppName: "field", StatementTimeout: 5 * time.Second, LockTimeout: -1},
			[]string{"Europe/Paris", "field", "5s", "4s"},
		},
		"URL": {
			"&TimeZone=Asia/Kabul&Application_Name=url&Statement_Timeout=6s",
			pool.Config{TimeZone: "Europe/Paris", AppName: "field", StatementTimeout: 5 * time.Second},
			[]string{"Asia/Kabul", "url", "6s", "4s"},
		},
		"options in the URL": {
			"&options=-c%20statement_timeout%3D7s%20-clock_timeout%3D8s%20--TimeZone%3DAsia/Kabul",
			pool.Config{TimeZone: "Europe/Paris", StatementTimeout: 5 * time.Second},
			[]string{"Asia/Kabul", "environment", "7s", "8s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cfg.URL = pool.NewSecret(url + tc.query)
			p := open(t, tc.cfg)
			require.Equal(t, tc.want, []string{
				show(t, p, "TimeZone"), show(t, p, "application_name"), show(t, p, "statement_timeout"), show(t, p, "lock_timeout"),
			})
		})
	}
}

func TestStatementTimeoutFires(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), StatementTimeout: 50 * time.Millisecond})
	_, err := p.Exec(t.Context(), "select pg_sleep(60)")
	require.ErrorContains(t, err, "57014")
}

// Behind a pooler in transaction mode the session limits cannot be set at start; they are set in every transaction.
func TestPgBouncerTransactionMode(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	for name, ignored := range map[string][]string{
		"refuses the limits": nil,
		"ignores the limits": {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bouncer := startBouncer(t, pgtest.BouncerConfig{Server: shared, PoolMode: "transaction", IgnoreStartupParameters: ignored})
			log := &logBuffer{}
			p := open(t, pool.Config{URL: pool.NewSecret(bouncer.URL(databaseOf(t, url))), Logger: log.logger(), AppName: "via bouncer", StatementTimeout: 9 * time.Second})
			require.NoError(t, p.Check(t.Context()))
			require.Equal(t, "UTC", show(t, p, "TimeZone"))
			require.Equal(t, "via bouncer", show(t, p, "application_name"))

			require.Len(t, p.Warnings(), 1)
			require.Contains(t, p.Warnings()[0], "statement_timeout, lock_timeout, idle_in_transaction_session_timeout")
			require.Contains(t, p.Warnings()[0], "ALTER ROLE")
			require.Contains(t, log.String(), "pooler")
			without := open(t, pool.Config{URL: pool.NewSecret(bouncer.URL(databaseOf(t, url))), StatementTimeout: -1, LockTimeout: -1, IdleInTxTimeout: -1})
			require.Equal(t, []string{"a connection pooler stands in between: prepared statements are off"}, without.Warnings())

			for _, opts := range []pgx.TxOptions{{}, {BeginQuery: "begin -- mine"}, {IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable}} {
				tx, err := p.BeginTx(t.Context(), opts)
				require.NoError(t, err)
				require.Equal(t, "9s", show(t, tx, "statement_timeout"))
				require.Equal(t, "30s", show(t, tx, "lock_timeout"))
				require.Equal(t, "5min", show(t, tx, "idle_in_transaction_session_timeout"))
				if opts.IsoLevel != "" {
					require.Equal(t, "serializable", show(t, tx, "transaction_isolation"))
					require.Equal(t, "on", show(t, tx, "transaction_read_only"))
					require.Equal(t, "on", show(t, tx, "transaction_deferrable"))
				}
				require.NoError(t, tx.Commit(t.Context()))
			}
			require.Equal(t, "0", show(t, p, "statement_timeout"), "SET LOCAL must not leak into the server connection")

			// Statements survive a change of the server connection between any two of them.
			parallel(t, 20, func() error {
				var n int
				for i := range 20 {
					if err := p.QueryRow(t.Context(), "select $1::int + 1", i).Scan(&n); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

func TestPgBouncerSessionMode(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	bouncer := startBouncer(t, pgtest.BouncerConfig{Server: shared, PoolMode: "session"})
	p := open(t, pool.Config{URL: pool.NewSecret(bouncer.URL(databaseOf(t, url))), Pooler: pool.PoolerSession})
	require.Empty(t, p.Warnings())
	require.Equal(t, "1min", show(t, p, "statement_timeout"))
	require.Equal(t, "30s", show(t, p, "lock_timeout"))
}

func startBouncer(t *testing.T, cfg pgtest.BouncerConfig) *pgtest.Bouncer {
	t.Helper()
	b, err := pgtest.StartBouncer(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}
