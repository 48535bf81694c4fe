package pglog_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/logging/pglog"
)

// gate makes every commit of a batch wait for an advisory lock: what is called when a transaction commits waits for it.
const gate = `create function wait_at_commit() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(42); return null; end $$;
create constraint trigger gate after insert or update on application_logs_batches deferrable initially deferred for each row execute function wait_at_commit()`

// The connection is lost when the server has received the commit, so nobody knows whether the batch is stored. In one case
// the server commits before the sink tries again, in the other while it does.
func TestConnectionIsLostAtCommit(t *testing.T) {
	t.Parallel()
	for name, spill := range map[string]bool{"from memory": false, "from the spill": true} {
		for when, late := range map[string]bool{"committed before": false, "committed meanwhile": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				url := sharedURL(t)
				proxy, err := faultproxy.Listen(t.Context(), shared.Addr())
				require.NoError(t, err)
				defer proxy.Close()
				require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
				execute(t, url, gate)
				lock := connect(t, url)
				_, err = lock.Exec(t.Context(), "select pg_advisory_lock(42)")
				require.NoError(t, err)

				cfg := pglog.Config{SendTimeout: 5 * time.Second}
				if spill {
					cfg.SpillDir, cfg.Durable = t.TempDir(), true
				}
				s := open(t, shared.URLVia(proxy.Addr(), databaseOf(url)), cfg)
				for n := range 50 {
					require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
				}
				atGate := func(want int64) func() bool {
					return func() bool {
						return query[int64](t, url, "select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and locktype = 'advisory' and not granted and objid = 42") == want
					}
				}
				eventually(t, "the commit has arrived", atGate(1))
				if late {
					proxy.Refuse() // also the request to cancel that pgx sends
					proxy.Reset()
					eventually(t, "the sink has noticed", func() bool { return s.Stats().Retries > 1 })
					require.NoError(t, proxy.Accept())
					eventually(t, "the next attempt waits for the first", func() bool {
						return query[int64](t, url, "select count(*) from pg_locks where locktype = 'transactionid' and not granted") > 0
					})
					_, err = lock.Exec(t.Context(), "select pg_advisory_unlock(42)")
					require.NoError(t, err)
				} else {
					proxy.SetFault(faultproxy.Fault{Partition: faultproxy.ServerToClient})
					_, err = lock.Exec(t.Context(), "select pg_advisory_unlock(42)")
					require.NoError(t, err)
					eventually(t, "it is committed", func() bool { return query[int64](t, url, "select count(*) from application_logs") == 50 })
					proxy.Reset()
					proxy.SetFault(faultproxy.Fault{})
				}
				eventually(t, "the sink knows", func() bool { return s.Stats().Known > 0 })
				for n := range 50 {
					require.NoError(t, s.Write(numbered(50+n, zapcore.InfoLevel)))
				}
				closed(t, s)
				once(t, url, "application_logs", 100)
			})
		}
	}
}

// Connections are cut after so many bytes, which hits every place in the conversation with the server in turn.
func TestConnectionIsCutAnywhere(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	proxy, err := faultproxy.Listen(t.Context(), shared.Addr())
	require.NoError(t, err)
	defer proxy.Close()
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, gate) // which is open, but takes its time
	dir := t.TempDir()
	s := open(t, shared.URLVia(proxy.Addr(), databaseOf(url)), pglog.Config{
		SpillDir: dir, SendTimeout: 5 * time.Second, RetryMax: 2 * time.Millisecond, BatchInterval: time.Millisecond, KeepSchema: true,
	})
	random := rand.New(rand.NewPCG(1, 2))
	n := 0
	for range 150 {
		proxy.ResetAfter(400 + random.Int64N(2500))
		for range random.IntN(30) {
			require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
			n++
		}
		time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
	}
	proxy.ResetAfter(-1)
	closed(t, s)
	t.Logf("%+v", s.Stats())
	require.Positive(t, s.Stats().Retries)
	next := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "all is stored", func() bool { return next.Stats().SpillFiles == 0 })
	closed(t, next)
	once(t, url, "application_logs", n)
}

// databaseOf returns the name of the database in a URL of the shared server.
func databaseOf(url string) string {
	name, _, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "?")
	return name
}
