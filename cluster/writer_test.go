package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

var table = pgx.Identifier{"written"}

// ids is a source of a copy, which may do something before a row.
type ids struct {
	from, n int
	at      int
	before  func(at int)
}

func (s *ids) Next() bool {
	s.at++
	if s.before != nil {
		s.before(s.at)
	}
	return s.at <= s.n
}
func (s *ids) Values() ([]any, error) { return []any{s.from + s.at - 1}, nil }
func (s *ids) Err() error             { return nil }

// ways are those to write a number that are not one statement.
func ways(w cluster.Writer) map[string]func(ctx context.Context, id int) error {
	const insert = "insert into written values ($1)"
	return map[string]func(ctx context.Context, id int) error{
		"CopyFrom": func(ctx context.Context, id int) error {
			n, err := w.CopyFrom(ctx, table, []string{"id"}, &ids{from: id, n: 1})
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rows", n)
			}
			return err
		},
		"SendBatch": func(ctx context.Context, id int) error {
			var b pgx.Batch
			b.Queue("select 1")
			b.Queue(insert, id)
			return w.SendBatch(ctx, &b).Close()
		},
		"a batch that is read": func(ctx context.Context, id int) error {
			var b pgx.Batch
			b.Queue(insert+" returning id", id)
			b.Queue("select 1")
			r := w.SendBatch(ctx, &b)
			var got int
			err := r.QueryRow().Scan(&got)
			if err == nil && got != id {
				err = fmt.Errorf("got %d", got)
			}
			_, errExec := r.Exec()
			if errClose := r.Close(); errClose != nil {
				return errClose
			}
			return errors.Join(err, errExec)
		},
		"a batch that begins": func(ctx context.Context, id int) error {
			var b pgx.Batch
			b.BeginTx(pgx.TxOptions{})
			b.Queue(insert, id)
			r := w.SendBatch(ctx, &b)
			tx := r.Tx()
			defer func() { _ = tx.Rollback(ctx) }()
			if err := r.Close(); err != nil {
				return err
			}
			return tx.Commit(ctx)
		},
		"Begin": func(ctx context.Context, id int) error {
			return pgx.BeginFunc(ctx, w, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, insert, id)
				return err
			})
		},
	}
}

// narrow is a cluster with one connection to the primary, so that one that is not given back is missed.
func narrow() cluster.Config {
	return cluster.Config{Primary: cluster.PoolSize{Size: 1, MaxOverflow: -1}, Replica: cluster.ReplicaPoolSize{Size: 1, MaxOverflow: -1}}
}

// All ways to write are seen by the reads of their session, and give their connections back.
func TestWaysToWrite(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	for i := range 2 {
		x.must(i+1, "alter system set recovery_min_apply_delay = '100ms'", "select pg_reload_conf()")
	}
	x.must(0, "alter system set synchronous_commit = 'remote_write'", "select pg_reload_conf()")
	c := x.open(narrow())
	id := 0
	for range 3 {
		for name, write := range ways(c.Writer()) {
			id++
			session := new(cluster.Session)
			ctx := cluster.WithSession(t.Context(), session)
			require.NoError(t, write(ctx, id), name)
			require.Equal(t, uint32(1), session.Token().Timeline, name)
			var n int
			require.NoError(t, c.Reader().QueryRow(ctx, "select count(*) from written").Scan(&n))
			require.Equal(t, id, n, name)
		}
	}
}

// An acknowledgement that is cut off, or that a server gives without its standbys, is no success and no failure.
func TestWaysToWriteWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(narrow())
	waits := func(what string) func() bool {
		return func() bool {
			return x.ask(0, "select count("+what+") from pg_stat_activity where wait_event = 'SyncRep'") != "0"
		}
	}
	id := 0
	for _, how := range []string{"cancelled", "cut off"} {
		for name, write := range ways(c.Writer()) {
			id++
			for i := range 2 {
				x.streams[i+1].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
			}
			session := new(cluster.Session)
			done := make(chan error, 1)
			go func() { done <- write(cluster.WithSession(context.Background(), session), id) }()
			if how == "cancelled" {
				require.Eventually(t, waits("pg_cancel_backend(pid)"), hang, tick, name)
			} else {
				require.Eventually(t, waits("*"), hang, tick, name)
				x.clients[0].Reset()
			}
			require.ErrorIs(t, <-done, cluster.ErrOutcomeUnknown, "%s, %s", name, how)
			require.True(t, session.Token().IsZero())
			for i := range 2 {
				x.streams[i+1].SetFault(faultproxy.Fault{})
			}
			require.Eventually(t, func() bool { // it is there
				return x.ask(0, fmt.Sprint("select count(*) from written where id = ", id)) == "1"
			}, hang, tick, name)
			_, err := c.Writer().Exec(t.Context(), "select 1")
			require.NoError(t, err, "the connection was given back")
		}
	}
}

// A server that cannot write refuses; what it refuses is sent again, but a copy whose source was read. Those that begin after that was
// noticed wait.
func TestWaysToWriteThatAreRefused(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(cluster.Config{ProbeInterval: time.Hour}) // so that it is noticed by those that are refused
	refused := 0
	for name, write := range ways(c.Writer()) {
		x.must(0, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
		refuses := func() bool { return x.ask(0, "select current_setting('default_transaction_read_only')") == "on" }
		require.Eventually(t, refuses, hang, tick)
		ends := time.AfterFunc(300*time.Millisecond, func() {
			for _, sql := range []string{"alter system reset default_transaction_read_only", "select pg_reload_conf()"} {
				_ = x.servers[0].Exec(context.Background(), "postgres", sql)
			}
		})
		err := write(t.Context(), 1)
		if err != nil {
			refused++
			require.ErrorContains(t, err, "read-only transaction", name)
			require.NotEqual(t, "a batch that is read", name, "nothing of it was handed out, so it is sent again")
			if name == "CopyFrom" {
				require.ErrorIs(t, err, cluster.ErrSourceSpent)
			}
		}
		require.Eventually(t, func() bool { return !refuses() }, hang, tick)
		ends.Stop()
		want := map[bool]string{true: "1", false: "0"}[err == nil]
		require.Equal(t, want, x.ask(0, "select count(*) from written"), name)
		x.must(0, "truncate written")
	}
	require.Positive(t, refused)
}

// A connection that breaks before the commit is sent takes the transaction with it, and nothing is written.
func TestTransactionsAreLost(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(narrow())
	ctx := context.Background()
	for name, use := range map[string]func(pgx.Tx) error{
		"Exec":     func(tx pgx.Tx) error { _, err := tx.Exec(ctx, "insert into written values (2)"); return err },
		"QueryRow": func(tx pgx.Tx) error { return tx.QueryRow(ctx, "select 1").Scan(new(int)) },
		"Query": func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, "select 1")
			if err == nil {
				_, err = pgx.CollectRows(rows, pgx.RowTo[int])
			}
			return err
		},
		"CopyFrom": func(tx pgx.Tx) error {
			_, err := tx.CopyFrom(ctx, table, []string{"id"}, &ids{from: 2, n: 1})
			return err
		},
		"Commit":   func(tx pgx.Tx) error { _ = tx.Conn().Ping(ctx); return tx.Commit(ctx) },
		"Rollback": func(tx pgx.Tx) error { return tx.Rollback(ctx) },
	} {
		for kind, begin := range map[string]func(context.Context) (pgx.Tx, error){"writer": c.Writer().Begin, "reader": c.Reader().Begin} {
			tx, err := begin(ctx)
			require.NoError(t, err)
			if kind == "writer" {
				_, err = tx.Exec(ctx, "insert into written values (1)")
				require.NoError(t, err)
			}
			for _, p := range x.clients {
				p.Reset()
			}
			require.ErrorIs(t, use(tx), cluster.ErrTxLost, "%s of a %s", name, kind)
			if err := tx.Commit(ctx); !errors.Is(err, pgx.ErrTxClosed) {
				require.ErrorIs(t, err, cluster.ErrTxLost, "%s of a %s", name, kind)
			}
			require.ErrorIs(t, tx.Commit(ctx), pgx.ErrTxClosed)
			require.ErrorIs(t, tx.Rollback(ctx), pgx.ErrTxClosed)
		}
	}
	require.Equal(t, "0", x.ask(0, "select count(*) from written"))
	_, err := c.Writer().Exec(ctx, "insert into written values (1)")
	require.NoError(t, err)
}

// A node that loses its role takes its transactions with it at once, and says why.
func TestTransactionsOfAFormerPrimary(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(cluster.Config{})
	tx, err := c.Writer().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	require.NoError(t, x.servers[0].Hang())
	defer func() { _ = x.servers[0].Continue() }()
	_, err = tx.Exec(t.Context(), "insert into written values (1)")
	require.ErrorIs(t, err, cluster.ErrTxLost)
	require.ErrorContains(t, err, "n0: the node has lost its role")
}

// A copy that breaks off before its end has written nothing.
func TestCopiesThatBreakOff(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(narrow())
	var cut atomic.Int32
	for range 3 {
		_, err := c.Writer().CopyFrom(t.Context(), table, []string{"id"}, &ids{n: 1_000_000, before: func(at int) {
			if at == 100_000 {
				cut.Add(1)
				x.clients[0].Reset()
			}
		}})
		require.ErrorIs(t, err, cluster.ErrSourceSpent)
		require.NotErrorIs(t, err, cluster.ErrOutcomeUnknown)
		require.Equal(t, "0", x.ask(0, "select count(*) from written"))
	}
	require.Equal(t, int32(3), cut.Load())
	_, err := c.Writer().CopyFrom(t.Context(), pgx.Identifier{"nowhere"}, []string{"id"}, &ids{n: 1})
	require.ErrorContains(t, err, "does not exist")
	_, err = c.Writer().CopyFrom(t.Context(), table, []string{"id"}, &ids{n: 1000})
	require.NoError(t, err)
	_, err = c.Reader().CopyFrom(t.Context(), table, []string{"id"}, &ids{n: 1})
	require.ErrorContains(t, err, `copy into "written": a Reader cannot write`)
}

// A transaction whose statement failed is rolled back by its commit, and a batch whose statement failed is too.
func TestFailuresAreTheCallers(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(narrow())
	ctx := t.Context()
	tx, err := c.Writer().Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "insert into written values (1)")
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "nonsense")
	require.ErrorContains(t, err, "syntax error")
	require.NotErrorIs(t, err, cluster.ErrTxLost)
	require.ErrorIs(t, tx.Commit(ctx), pgx.ErrTxCommitRollback)

	var b pgx.Batch
	var called []int
	for i := range 4 {
		b.Queue("select 1 / $1::int", 2-i).QueryRow(func(row pgx.Row) error {
			called = append(called, i)
			return row.Scan(new(int))
		})
	}
	for range 2 { // it may be sent again
		called = nil
		r := c.Writer().SendBatch(ctx, &b)
		err = r.Close()
		require.ErrorContains(t, err, "division by zero")
		require.Equal(t, err, r.Close())
		require.Equal(t, []int{0, 1, 2}, called)
		_, err = r.Exec()
		require.ErrorContains(t, err, "closed")
	}
	require.NoError(t, c.Writer().SendBatch(ctx, &pgx.Batch{}).Close())
	require.ErrorContains(t, c.Writer().SendBatch(ctx, batchOf("nonsense")).Close(), "syntax error")
	_, err = c.Writer().SendBatch(ctx, batchOf("nonsense")).Exec()
	require.ErrorContains(t, err, "syntax error")
	require.Equal(t, "0", x.ask(0, "select count(*) from written"))
}

func batchOf(statements ...string) *pgx.Batch {
	var b pgx.Batch
	for _, sql := range statements {
		b.Queue(sql)
	}
	return &b
}

// Batches and transactions of reads run on replicas, on another one when theirs is lost, and cannot write.
func TestReadsOfSeveralStatements(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(narrow())
	ctx := t.Context()
	require.Eventually(t, func() bool { return c.Report().Healthy }, hang, tick)
	read := func() (port int) {
		r := c.Reader().SendBatch(ctx, batchOf("select inet_server_port()", "select 2"))
		require.NoError(t, r.QueryRow().Scan(&port))
		rows, err := r.Query()
		require.NoError(t, err)
		got, err := pgx.CollectRows(rows, pgx.RowTo[int])
		require.NoError(t, err)
		require.Equal(t, []int{2}, got)
		require.NoError(t, r.Close())
		tx, err := c.Reader().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "insert into written values (1)")
		require.ErrorContains(t, err, "read-only transaction")
		require.NoError(t, tx.Rollback(ctx))
		return port
	}
	seen := map[int]bool{}
	require.Eventually(t, func() bool {
		seen[read()] = true
		return len(seen) == 2
	}, hang, tick)
	require.NotContains(t, seen, x.servers[0].Port())
	require.NoError(t, x.servers[1].Kill())
	for range 50 {
		require.NotEqual(t, x.servers[1].Port(), read())
	}
	for _, n := range c.Report().Nodes {
		require.Zero(t, n.InFlight, n.Name)
	}
}

// While one primary goes and another one comes, nothing that is acknowledged is lost and nothing that failed is there.
func TestWaysToWriteDuringAFailover(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(x *trio){
		"kill -9": func(x *trio) { require.NoError(x, x.servers[0].Kill()) },
		"SIGSTOP": func(x *trio) { require.NoError(x, x.servers[0].Hang()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTrio(t, nil)
			c := x.open(cluster.Config{})
			l := x.load(c, 1)
			const firstID = 1_000_000_000
			for i, write := range []string{"CopyFrom", "SendBatch", "a batch that is read", "a batch that begins", "Begin"} {
				next := firstID * (i + 1)
				l.each(func() {
					next++
					l.became(int64(next), ways(c.Writer())[write](context.Background(), next))
				})
			}
			x.acknowledged(l, 0, 100)
			fault(x)
			winner := x.failover(1, 2)
			x.acknowledged(l, winner, 100)
			if name == "SIGSTOP" {
				require.NoError(t, x.servers[0].Continue())
			}
			x.acknowledged(l, winner, 200)
			x.check(l, winner)
		})
	}
}

// each does something until the load is stopped.
func (l *load) each(do func()) {
	ctx, cancel := context.WithCancel(context.Background())
	stop := l.stop
	l.stop = func() {
		cancel()
		stop()
	}
	l.runs.Go(func() {
		for ctx.Err() == nil {
			do()
		}
	})
}

// became keeps what became of a write of which nobody knows by whom.
func (l *load) became(id int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.silent = append(l.silent, id)
	case errors.Is(err, cluster.ErrOutcomeUnknown):
		l.unknown = append(l.unknown, id)
	case errors.Is(err, cluster.ErrTxLost), errors.Is(err, cluster.ErrSourceSpent):
		l.failed = append(l.failed, id)
	default:
		l.failed, l.failures = append(l.failed, id), append(l.failures, err)
	}
}
