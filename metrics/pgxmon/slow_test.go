package pgxmon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// takes has a query take a time, which is that of a synctest bubble.
func takes(tracer *pgxmon.Tracer, sql string, d time.Duration, err error) {
	ctx := tracer.TraceQueryStart(context.Background(), nil, pgx.TraceQueryStartData{SQL: sql, Args: []any{"secret"}})
	time.Sleep(d)
	tracer.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{CommandTag: pgconn.NewCommandTag("SELECT 7"), Err: err})
}

func TestSlowQuery(t *testing.T) {
	t.Parallel()
	c, log := newRecorder(), &logBuffer{}
	tracer := newTracer(t, c, pgxmon.Config{SlowQuery: 40 * time.Millisecond, Logger: log.logger()})
	conn := connect(t, sharedURL(t), tracer)
	_, err := conn.Exec(t.Context(), "select 7, PG_SLEEP(0.05)")
	require.NoError(t, err)
	require.InDelta(t, 1, c.all()["db_slow_queries_total"], 0)
	slowest := tracer.Slowest(-1)
	require.Len(t, slowest, 1)
	s := slowest[0]
	require.Equal(t, "select ?, pg_sleep(?)", s.SQL)
	require.Equal(t, pgxmon.Fingerprint(s.SQL), s.Fingerprint)
	require.Equal(t, "select", s.Operation)
	require.EqualValues(t, 1, s.Count)
	require.GreaterOrEqual(t, s.Total, 50*time.Millisecond)
	require.Equal(t, s.Total, s.Max)
	require.Equal(t, s.First, s.Last)
	require.Equal(t, fmt.Sprintf("level=WARN msg=\"pgxmon: a query is slow\" operation=select fingerprint=%s "+
		"sql=\"select ?, pg_sleep(?)\" duration=%v rows=1 outcome=ok\n", s.Fingerprint, s.Total), log.String())
	_, err = json.Marshal(s)
	require.NoError(t, err)
}

func TestThreshold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[time.Duration]float64{0: 2, -1: 0, 1: 4, time.Hour: 0, 999 * time.Millisecond: 3} {
			c := newRecorder()
			tracer := newTracer(t, c, pgxmon.Config{SlowQuery: limit})
			for _, d := range []time.Duration{time.Nanosecond, 999 * time.Millisecond, time.Second, time.Minute} {
				takes(tracer, "select 1", d, nil)
			}
			require.InDelta(t, want, c.all()["db_slow_queries_total"], 0, "%v", limit)
			require.InDelta(t, 60, c.all()[`db_query_duration_seconds{operation="select",outcome="ok"}`], 0, "in seconds")
			if want == 2 {
				s := tracer.Slowest(1)[0]
				require.Equal(t, []any{61 * time.Second, time.Minute, int64(2), time.Minute}, []any{s.Total, s.Max, s.Count, s.Last.Sub(s.First)})
			}
		}
	})
}

// The same statement is logged once in an interval, and all together ten times.
func TestLogIsLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logBuffer{}
		tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{LogInterval: time.Hour, Logger: log.logger()})
		for range 5 {
			takes(tracer, "select 1", time.Second, nil)
		}
		require.Equal(t, 1, log.lines())
		for i := range 20 {
			takes(tracer, fmt.Sprintf("select a%d", i), time.Second, errors.New("secret"))
		}
		require.Equal(t, pgxmon.MaxLogs, log.lines())
		time.Sleep(2 * time.Hour)
		takes(tracer, "select a19", time.Second, nil)
		require.Equal(t, pgxmon.MaxLogs+1, log.lines())
		require.Contains(t, log.String(), "not_logged=4\n", "all since the line before, whichever they were")
		require.Contains(t, log.String(), "not_logged=11\n")
		require.Contains(t, log.String(), "outcome=error class=other")
		require.NotContains(t, log.String(), "secret")

		log = &logBuffer{}
		tracer = newTracer(t, metrics.Discard{}, pgxmon.Config{LogInterval: -1, Logger: log.logger()})
		takes(tracer, "select 1", time.Hour, nil)
		require.Empty(t, log.String())
		require.Len(t, tracer.Slowest(1), 1)
	})
}

func TestLogLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[int]string{0: `sql="` + strings.Repeat("ä", 50) + ` ..."`, 5: `sql="ää ..."`} {
			log := &logBuffer{}
			tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{LogLength: limit, Logger: log.logger()})
			takes(tracer, strings.Repeat("ä", 5000), time.Second, nil)
			require.Contains(t, log.String(), want)
			require.LessOrEqual(t, len(tracer.Slowest(1)[0].SQL), pgxmon.MaxText+4)
		}
	})
}

// The table is the space-saving algorithm: whatever comes, what took more than a hundredth of all time is in it, and
// nothing that it says is too much or, by more than Missed, too little.
func TestSlowestIsBounded(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	synctest.Test(t, func(t *testing.T) {
		tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{})
		truth := make(map[string]time.Duration)
		var all time.Duration
		for range 20_000 {
			i := int(1000 * r.Float64() * r.Float64() * r.Float64())
			d := time.Second + time.Duration(r.IntN(i+1))*time.Millisecond
			sql := fmt.Sprintf("select a%d", i)
			takes(tracer, sql, d, nil)
			truth[sql] += d
			all += d
		}
		slowest := tracer.Slowest(-1)
		require.Len(t, slowest, pgxmon.MaxStatements)
		found := make(map[string]bool)
		for i, s := range slowest {
			found[s.SQL] = true
			require.LessOrEqual(t, s.Total, truth[s.SQL])
			require.GreaterOrEqual(t, s.Total+s.Missed, truth[s.SQL])
			require.True(t, i == 0 || s.Total <= slowest[i-1].Total)
		}
		for sql, d := range truth {
			require.True(t, found[sql] || d <= all/pgxmon.MaxStatements, "%s took %v of %v", sql, d, all)
		}
		require.Equal(t, slowest[:3], tracer.Slowest(3))
		require.Empty(t, tracer.Slowest(0))
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{Names: true, MaxNames: 2})
	for _, sql := range []string{
		"-- name: GetUser :one\nselect 1", "-- name: AddUser :exec\ninsert into t values (1)", "-- name: GetUser :one\nselect 2",
		"-- name: Third :one\nselect 3", "select 4",
	} {
		takes(tracer, sql, 0, nil)
	}
	want := map[string]float64{
		`db_query_duration_seconds_count{operation="GetUser",outcome="ok"}`: 2,
		`db_query_duration_seconds_count{operation="AddUser",outcome="ok"}`: 1,
		`db_query_duration_seconds_count{operation="select",outcome="ok"}`:  2,
	}
	require.Equal(t, want, c.counts("db_query"))
	takes(newTracer(t, c, pgxmon.Config{}), "-- name: GetUser :one\nselect 1", 0, nil)
	want[`db_query_duration_seconds_count{operation="select",outcome="ok"}`]++
	require.Equal(t, want, c.counts("db_query"), "only when the configuration says so")
}

// Everything at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{SlowQuery: 1, LogInterval: time.Nanosecond, Names: true, MaxNames: 10})
	p := openPool(t, sharedURL(t), 4, tracer)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				_, err := p.Exec(t.Context(), fmt.Sprintf("-- name: Q%d :one\nselect a%d.x from (select $1::int x) a%d", j, j, j), i)
				if err == nil {
					err = p.SendBatch(t.Context(), batch("select 1", "select 2")).Close()
				}
				if err != nil {
					t.Error(err)
				}
				tracer.Slowest(10)
			}
		})
	}
	wg.Wait()
	sum := 0.0
	for id, v := range c.counts("db_query_duration") {
		require.Contains(t, id, `outcome="ok"`)
		sum += v
	}
	require.InDelta(t, 200, sum, 0)
	require.InDelta(t, 400, c.all()[batchSelects], 0)
	require.InDelta(t, 400, c.all()["db_pool_acquires_total"], 0)
	require.InDelta(t, 400, c.all()["db_pool_releases_total"], 0)
}

// Calls without a beginning, as a broken chain of tracers has them, count for nothing.
func TestEndsWithoutStarts(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{})
	for _, ctx := range []context.Context{t.Context(), tracer.TraceConnectStart(t.Context(), pgx.TraceConnectStartData{})} {
		tracer.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{})
		tracer.TraceBatchQuery(ctx, nil, pgx.TraceBatchQueryData{})
		tracer.TraceBatchEnd(ctx, nil, pgx.TraceBatchEndData{})
		tracer.TraceCopyFromEnd(ctx, nil, pgx.TraceCopyFromEndData{})
		tracer.TracePrepareEnd(ctx, nil, pgx.TracePrepareEndData{})
	}
	tracer.TraceConnectEnd(t.Context(), pgx.TraceConnectEndData{})
	tracer.TraceAcquireEnd(t.Context(), nil, pgxpool.TraceAcquireEndData{})
	require.Empty(t, c.counts(""))
}

// A printed context has no SQL.
func TestContextIsNotShown(t *testing.T) {
	t.Parallel()
	tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{})
	ctx := tracer.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{SQL: "select 'secret'"})
	for _, ctx := range []context.Context{ctx, context.WithValue(ctx, plainKey{}, 1)} {
		for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
			require.NotContains(t, fmt.Sprintf(verb, ctx), "secret")
		}
	}
	require.NotContains(t, fmt.Sprintf("%#v", ctx), "secret")
}
