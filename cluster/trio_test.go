package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// trio is a primary with two standbys of which one must have a commit before it is acknowledged. Clients come through a proxy to
// each, and the standbys stream through one each.
type trio struct {
	*testing.T

	servers []*pgtest.Server    // the first one is the primary at the beginning
	clients []*faultproxy.Proxy // what clients connect to
	streams []*faultproxy.Proxy // what standbys stream from; none for the first
	early   bool                // the other standbys follow a new primary before it is one
}

func newTrio(t *testing.T, parameters map[string]string) *trio {
	t.Helper()
	all := map[string]string{"wal_receiver_timeout": "5s", "wal_sender_timeout": "5s", "wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms"}
	maps.Copy(all, parameters)
	return newTrioOf(t, pgtest.Config{Name: "n0", Parameters: all})
}

// newTrioOf makes a trio of a primary with that configuration.
func newTrioOf(t *testing.T, cfg pgtest.Config) *trio {
	t.Helper()
	x := &trio{T: t, servers: []*pgtest.Server{pgtest.New(t, cfg)}, streams: []*faultproxy.Proxy{nil}}
	require.NoError(t, x.servers[0].Exec(t.Context(), "postgres", "create table written (id bigint primary key, port int)"))
	for i := range 2 {
		stream := proxy(t, x.servers[0].Addr())
		standby, err := x.servers[0].Standby(t.Context(), pgtest.StandbyConfig{Name: fmt.Sprint("n", i+1), Synchronous: true, Through: stream.Addr()})
		require.NoError(t, err)
		x.servers, x.streams = append(x.servers, standby), append(x.streams, stream)
	}
	for _, s := range x.servers {
		x.clients = append(x.clients, proxy(t, s.Addr()))
	}
	return x
}

func proxy(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.Listen(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// open opens the cluster as an application does.
func (x *trio) open(cfg cluster.Config) *cluster.Cluster {
	x.Helper()
	c := x.openNow(cfg)
	require.NoError(x, c.WaitPrimary(x.Context()))
	return c
}

// openNow opens it without waiting for a primary.
func (x *trio) openNow(cfg cluster.Config) *cluster.Cluster {
	x.Helper()
	cfg.WriteWait = 2 * hang // the machine may be slow
	for i, s := range x.servers {
		cfg.Nodes = append(cfg.Nodes, cluster.NodeConfig{Name: s.Name(), URL: cluster.NewSecret(s.URLVia(x.clients[i].Addr(), "postgres"))})
	}
	c, err := cluster.Open(x.Context(), cfg)
	require.NoError(x, err)
	x.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(x, c.Close(ctx))
	})
	return c
}

// failover does what an outside authority does when the primary is lost: it takes the standbys away from it, so that nothing is
// acknowledged there any more, and promotes the one that has most.
func (x *trio) failover(among ...int) (winner int) {
	x.Helper()
	places := map[int]cluster.LSN{}
	for _, i := range among {
		x.must(i, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
	}
	for _, i := range among {
		require.Eventually(x, func() bool { return x.ask(i, "select not exists (select from pg_stat_wal_receiver)") == "true" }, 20*time.Second, 10*time.Millisecond)
		lsn, err := cluster.ParseLSN(x.ask(i, "select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"))
		require.NoError(x, err)
		places[i] = lsn
	}
	winner = slices.MaxFunc(among, func(a, b int) int { return int(places[a]) - int(places[b]) })
	var others []int
	var each []string
	for _, i := range among {
		if i != winner {
			others, each = append(others, i), append(each, x.servers[i].Name())
		}
	}
	names := ""
	if len(others) > 0 {
		names = "ANY 1 (" + strings.Join(each, ", ") + ")"
	}
	x.must(winner, "alter system set synchronous_standby_names = '"+names+"'", "select pg_reload_conf()")
	if x.early {
		x.repoint(winner, others)
	}
	x.must(winner, "select pg_promote()")
	if !x.early {
		x.repoint(winner, others)
	}
	return winner
}

// repoint makes standbys follow another server.
func (x *trio) repoint(winner int, others []int) {
	x.Helper()
	for _, i := range others {
		name := x.servers[i].Name()
		x.streams[i].SetTarget(x.servers[winner].Addr())
		x.must(winner, "select pg_create_physical_replication_slot('slot_"+name+"') where not exists (select from pg_replication_slots where slot_name = 'slot_"+name+"')")
		x.must(i, "alter system set primary_conninfo = 'host="+x.streams[i].Host()+" port="+fmt.Sprint(x.streams[i].Port())+" user=postgres application_name="+name+"'", "select pg_reload_conf()")
	}
}

// must executes statements on a server, past its proxy.
func (x *trio) must(i int, statements ...string) {
	x.Helper()
	for _, sql := range statements {
		require.NoError(x, x.servers[i].Exec(x.Context(), "postgres", sql), "%s: %s", x.servers[i].Name(), sql)
	}
}

// ask asks a server for one value as text.
func (x *trio) ask(i int, sql string) (text string) {
	x.Helper()
	conn, err := pgx.Connect(x.Context(), x.servers[i].URL("postgres"))
	require.NoError(x, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(x, conn.QueryRow(x.Context(), "select ("+sql+")::text").Scan(&text), sql)
	return text
}

// load writes numbers and reads, until it is stopped.
type load struct {
	stop context.CancelFunc
	runs sync.WaitGroup

	mu         sync.Mutex // guards what follows
	next       int64
	acked      []ack
	silent     []int64 // acknowledged by nobody knows whom
	failed     []int64
	unknown    []int64
	reads      int
	failures   []error
	doubts     []error // of unknown
	readErrors []error
	stale      int         // reads of a session that did not see its write
	readBy     map[int]int // by port
}

// ack is a write that was acknowledged, and by whom.
type ack struct {
	id         int64
	port       int
	timeline   uint32
	sent, came time.Time
	direct     bool // by a client that follows nobody
}

// load starts so many writers and as many readers.
func (x *trio) load(c *cluster.Cluster, n int) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{stop: cancel}
	x.Cleanup(l.end)
	for range n {
		l.runs.Go(func() {
			for ctx.Err() == nil {
				l.write(c)
			}
		})
		l.runs.Go(func() {
			for ctx.Err() == nil {
				var got int64
				err := c.Reader().QueryRow(context.Background(), "select count(*) from written where id < 10").Scan(&got)
				l.mu.Lock()
				l.reads++
				if err != nil {
					l.readErrors = append(l.readErrors, fmt.Errorf("%s: %w", time.Now().Format(stamp), err))
				}
				l.mu.Unlock()
				time.Sleep(time.Millisecond)
			}
		})
	}
	return l
}

// insert writes a number, and returns by whom and on which timeline.
const insert = "insert into written values ($1, inet_server_port()) returning port, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int8"

func (l *load) write(c *cluster.Cluster) { l.one(context.Background(), c) }

// one writes once and keeps what became of it.
func (l *load) one(ctx context.Context, c *cluster.Cluster) (id int64, ok bool) {
	l.mu.Lock()
	l.next++
	a := ack{id: l.next, sent: time.Now()}
	l.mu.Unlock()
	err := c.Writer().QueryRow(ctx, insert, a.id).Scan(&a.port, &a.timeline)
	a.came = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.acked = append(l.acked, a)
	case errors.Is(err, cluster.ErrOutcomeUnknown):
		l.unknown, l.doubts = append(l.unknown, a.id), append(l.doubts, fmt.Errorf("%s: %w", a.came.Format(stamp), err))
	default:
		l.failed, l.failures = append(l.failed, a.id), append(l.failures, err)
	}
	return a.id, err == nil
}

// stubborn starts a client that follows nobody: it writes to one server as long as that acknowledges.
func (x *trio) stubborn(l *load, server int) {
	ctx, cancel := context.WithCancel(context.Background())
	stop := l.stop
	l.stop = func() {
		cancel()
		stop()
	}
	url := x.servers[server].URL("postgres")
	l.runs.Go(func() {
		for ctx.Err() == nil {
			l.direct(ctx, url)
			time.Sleep(tick)
		}
	})
}

// direct writes on one connection until that fails.
func (l *load) direct(ctx context.Context, url string) {
	limit, cancel := context.WithTimeout(ctx, time.Second)
	conn, err := pgx.Connect(limit, url)
	cancel()
	if err != nil {
		return
	}
	defer func() {
		_ = conn.PgConn().Conn().Close()
		_ = conn.Close(ctx)
	}()
	for err == nil && ctx.Err() == nil {
		l.mu.Lock()
		l.next++
		a := ack{id: l.next, sent: time.Now(), direct: true}
		l.mu.Unlock()
		limit, cancel := context.WithTimeout(ctx, time.Second)
		err = conn.QueryRow(limit, insert, a.id).Scan(&a.port, &a.timeline)
		cancel()
		a.came = time.Now()
		l.mu.Lock()
		if err == nil {
			l.acked = append(l.acked, a)
		} else {
			l.unknown = append(l.unknown, a.id)
		}
		l.mu.Unlock()
	}
}

// end stops the load. It may be called more than once.
func (l *load) end() {
	l.stop()
	l.runs.Wait()
}

// count returns how many writes were acknowledged by a server.
func (l *load) count(s *pgtest.Server) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.acked {
		if a.port == s.Port() {
			n++
		}
	}
	return n
}

// gap returns the longest time in which nothing was acknowledged through the cluster.
func (l *load) gap() (longest time.Duration) {
	acked := slices.SortedFunc(func(yield func(ack) bool) {
		for _, a := range l.acked {
			if !a.direct && !yield(a) {
				return
			}
		}
	}, func(a, b ack) int { return a.came.Compare(b.came) })
	for i := 1; i < len(acked); i++ {
		longest = max(longest, acked[i].came.Sub(acked[i-1].came))
	}
	return longest
}

const stamp = "15:04:05.000"

// check compares the history with what is there in the end, and takes nothing that is wrong with it.
func (x *trio) check(l *load, last int) {
	x.Helper()
	v := x.judge(l, last)
	x.Log(v)
	require.Empty(x, v.wrong())
	require.Empty(x, l.failures)
	require.Empty(x, l.readErrors)
	require.NotEmpty(x, l.acked)
}

// acknowledged waits until a server has acknowledged writes.
func (x *trio) acknowledged(l *load, i, n int) {
	x.Helper()
	want := l.count(x.servers[i]) + n
	require.Eventually(x, func() bool { return l.count(x.servers[i]) >= want }, 30*time.Second, 5*time.Millisecond, "%s acknowledges nothing", x.servers[i].Name())
}
