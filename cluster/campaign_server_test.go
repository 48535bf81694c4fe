package cluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// isCode says whether an error is one of those of a server.
func isCode(err error, codes ...string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, pg.Code)
}

// diskFull leaves no byte on the primary's disk: writes fail, or it goes down because its log cannot grow. Then there is room again, or
// another one is promoted.
func diskFull(r *round) {
	if !r.small {
		r.Skip("a small disk needs root on Linux")
	}
	logged, promotes, hold := r.coin(), r.mode == follow && r.coin(), r.between(0, 500)
	r.obstinate = false
	r.may = func(err error) bool { return isCode(err, "53100") }
	r.begin(cluster.Config{})
	free, err := r.servers[0].FillDisk(r.Context())
	require.NoError(r, err)
	freed := false
	defer func() {
		if !freed {
			_ = free()
		}
	}()
	if logged {
		for range 3 { // the log needs a new file; the server may die of it
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			_ = r.servers[0].Exec(ctx, "postgres", "insert into written values (-20) on conflict do nothing; select pg_switch_wal()")
			cancel()
		}
	}
	require.Eventually(r, func() bool {
		if strings.Contains(r.servers[0].LogTail(1000), "No space left on device") {
			return true
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = r.servers[0].Exec(ctx, "postgres", "create table big as select repeat('x', 1000) from generate_series(1, 1000)")
		return false
	}, hang, 20*time.Millisecond, "the disk is not full")
	r.notef("the disk is full (log: %v); %d writes failed so far", logged, r.l.refusals())
	time.Sleep(hold)
	if promotes {
		winner := r.replaced()
		r.finish(winner)
		return
	}
	require.NoError(r, free())
	freed = true
	if r.mode == follow { // who manages may have replaced it
		require.NoError(r, r.servers[0].Start(r.Context()))
	} else if r.servers[0].PID() == 0 {
		r.notef("it is down")
		require.Eventually(r, func() bool { return r.c.Report().Primary != r.servers[0].Name() }, hang, tick, "nobody sees that it is down")
	}
	last := r.settled()
	require.NoError(r, r.servers[0].Start(r.Context()))
	r.finish(last)
}

// exhausted uses up all connections of the primary, also those of clients, which are ended. It lives, and nobody replaces it.
func exhausted(r *round) {
	hold, ends := r.between(200, 3500), 1+r.rng.IntN(8)
	r.begin(cluster.Config{})
	ctx := r.Context()
	var held []*pgx.Conn
	release := func() {
		for _, conn := range held {
			_ = conn.Close(context.Background())
		}
		held = nil
	}
	defer release()
	refused := 0
	grab := func() {
		for failed := 0; failed < 3; {
			conn, err := pgx.Connect(ctx, r.servers[0].URL("postgres"))
			if err != nil {
				require.True(r, isCode(err, "53300"), "%v", err)
				failed++
				refused++
				continue
			}
			held = append(held, conn)
		}
	}
	grab()
	require.NotEmpty(r, held)
	for range ends {
		_, err := held[0].Exec(ctx, "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and application_name = '' and pid <> all ($1) order by random() limit 1", pids(held))
		require.NoError(r, err)
		grab()
	}
	r.notef("%d connections are taken, %d were refused", len(held), refused)
	for end := time.Now().Add(hold); time.Now().Before(end); time.Sleep(tick) {
		require.NotEqual(r, r.servers[1].Name(), r.c.Report().Primary)
		require.NotEqual(r, r.servers[2].Name(), r.c.Report().Primary)
	}
	require.Equal(r, r.servers[0].Name(), r.c.Report().Primary, "that is no death")
	for _, e := range r.c.Report().Events {
		require.NotEqual(r, cluster.PrimaryLost, e.Kind, "that is no death: %s", e.Reason)
	}
	release()
	r.stays()
	r.finish(0)
}

func pids(conns []*pgx.Conn) []int32 {
	all := make([]int32, len(conns))
	for i, conn := range conns {
		all[i] = int32(conn.PgConn().PID())
	}
	return all
}

// passwordRotated changes the password and ends connections, so that they must be made anew. The clients hear of it later.
func passwordRotated(r *round) {
	late, victim, ends := r.between(100, 2500), r.standby(), 1+r.rng.IntN(4)
	var password atomic.Value
	password.Store("first")
	r.begin(cluster.Config{BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
		c.User, c.Password = "app", password.Load().(string)
		return nil
	}})
	r.must(0, "alter role app password 'second'")
	for _, i := range []int{0, victim} {
		if i > 0 {
			require.Eventually(r, func() bool {
				return r.ask(i, "select pg_last_wal_replay_lsn() >= '"+r.ask(0, "select pg_current_wal_flush_lsn()")+"'") == "true" || r.l.underWay() > 0
			}, hang, tick)
		}
		limit := " limit " + strconv.Itoa(ends)
		if i == 0 && ends > 2 {
			limit = ""
		}
		r.must(i, "select pg_terminate_backend(pid) from (select pid from pg_stat_activity where usename = 'app' order by query like '%pg_control_system%' desc, random()"+limit+") p")
	}
	wrong := func() int { return strings.Count(r.servers[0].LogTail(2000), "password authentication failed") }
	require.Eventually(r, func() bool { return wrong() > 0 }, hang, tick, "the old password is taken")
	time.Sleep(late)
	r.notef("the password was wrong %d times", wrong())
	require.Equal(r, r.servers[0].Name(), r.c.Report().Primary, "that is no death")
	for _, e := range r.c.Report().Events {
		require.NotEqual(r, cluster.PrimaryLost, e.Kind, "that is no death: %s", e.Reason)
	}
	password.Store("second")
	r.stays()
	r.finish(0)
}

// pooled puts a PgBouncer in front of each server, which pools transactions: the primary, or its pooler, dies or hangs.
func pooled(r *round) {
	if err := pgtest.BouncerInstalled(); err != nil {
		if os.Getenv("CI") != "" {
			r.Fatal(err)
		}
		r.Skip(err)
	}
	kind, returns := r.rng.IntN(4), r.coin()
	var bouncers []*pgtest.Bouncer
	for i, s := range r.servers {
		b, err := pgtest.StartBouncer(r.Context(), pgtest.BouncerConfig{Server: s, PoolMode: "transaction", IgnoreStartupParameters: []string{"default_transaction_read_only"}})
		require.NoError(r, err)
		r.Cleanup(func() { require.NoError(r, b.Close()) })
		r.clients[i].SetTarget(b.Addr())
		bouncers = append(bouncers, b)
	}
	r.begin(cluster.Config{BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
		c.DefaultQueryExecMode = pgx.QueryExecModeExec // prepared statements are of one server connection
		return nil
	}})
	r.caught()
	switch kind {
	case 0:
		require.NoError(r, r.servers[0].Kill())
		r.refuses(0)
	case 1:
		require.NoError(r, r.servers[0].Hang())
		r.frozen(0)
	case 2:
		require.NoError(r, bouncers[0].Kill())
		r.notef("the pooler is dead")
	case 3:
		require.NoError(r, r.servers[0].Stop(r.Context()))
		r.refuses(0)
	}
	winner := r.replaced()
	if returns {
		switch kind {
		case 1:
			require.NoError(r, r.servers[0].Continue())
		case 2:
			r.clients[0].SetTarget(r.servers[0].Addr())
		default:
			require.NoError(r, r.servers[0].Start(r.Context()))
		}
		r.notef("the old one is back")
		time.Sleep(200 * time.Millisecond)
		r.acknowledged(r.l, winner, 20)
	}
	r.finish(winner)
}

// clockJumps moves the clock of the primary or of a standby, forward or back, before and while the primary is lost.
func clockJumps(r *round) {
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(found) == 0 {
		const text = "libfaketime is not installed; install it with: sudo apt-get update && sudo apt-get install -y --no-install-recommends libfaketime"
		if os.Getenv("CI") != "" {
			r.Fatal(text)
		}
		r.Skip(text)
	}
	victim, kind, late, afterwards := r.rng.IntN(3), r.rng.IntN(4), r.between(0, 1500), r.coin()
	afterwards = afterwards && victim > 0 && kind > 0
	seconds := []int{-86400, -3600, -30, 30, 3600, 86400}[r.rng.IntN(6)]
	s := r.servers[victim]
	file := filepath.Join(s.SocketDir(), "clock")
	jump := func(seconds int) {
		text := strconv.Itoa(seconds)
		if seconds >= 0 {
			text = "+" + text
		}
		require.NoError(r, os.WriteFile(file+".new", []byte(text+"\n"), 0o644))
		require.NoError(r, os.Rename(file+".new", file))
	}
	jump(0)
	s.SetEnv("LD_PRELOAD="+found[0], "FAKETIME_TIMESTAMP_FILE="+file, "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "FAKETIME_DISABLE_SHM=1")
	require.NoError(r, s.Restart(r.Context()))
	r.quorate(0, 2)
	r.begin(cluster.Config{})
	off := func() bool {
		shown, err := strconv.ParseFloat(r.ask(victim, "select extract(epoch from clock_timestamp())"), 64)
		require.NoError(r, err)
		now := float64(time.Now().UnixMilli()) / 1000
		return shown-now > float64(seconds)-15 && shown-now < float64(seconds)+15
	}
	move := func() {
		jump(seconds)
		require.Eventually(r, off, hang, 20*time.Millisecond, "the clock is what it was")
		r.notef("the clock of %s jumped by %ds", s.Name(), seconds)
	}
	if !afterwards {
		move()
		time.Sleep(late)
	}
	r.caught()
	if kind == 0 { // nothing else happens
		if r.mode == follow {
			r.stays()
			r.finish(0)
			return
		}
		r.finish(r.settled())
		return
	}
	switch kind {
	case 1:
		require.NoError(r, r.servers[0].Kill())
		r.refuses(0)
	case 2:
		require.NoError(r, r.servers[0].Hang())
		r.frozen(0)
	case 3:
		r.cut(faultproxy.Both, faultproxy.Both)
		r.silent()
	}
	if afterwards {
		move()
	}
	winner := r.replaced()
	r.restored()
	r.finish(winner)
}
