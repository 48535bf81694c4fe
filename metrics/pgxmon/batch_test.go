package pgxmon_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

func batch(queries ...string) *pgx.Batch {
	b := &pgx.Batch{}
	for _, sql := range queries {
		b.Queue(sql)
	}
	return b
}

const (
	batchOK       = `db_batch_duration_seconds_count{outcome="ok"}`
	batchError    = `db_batch_duration_seconds_count{outcome="error"}`
	batchSelects  = `db_batch_query_duration_seconds_count{operation="select",outcome="ok"}`
	batchInserts  = `db_batch_query_duration_seconds_count{operation="insert",outcome="ok"}`
	batchFailures = `db_batch_query_duration_seconds_count{operation="select",outcome="error"}`
)

func TestBatch(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	_, err := connect(t, url, nil).Exec(t.Context(), "create table t (id int); insert into t values (5)")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		batch *pgx.Batch
		want  map[string]float64
	}{
		"good":  {batch("select 1", "insert into t values (1)", "select 2"), map[string]float64{batchOK: 1, batchSelects: 2, batchInserts: 1}},
		"empty": {batch(), map[string]float64{}}, // pgx does not report it
		"an error in the middle": {
			batch("select 1", "select 1 / (id - 5) from t", "select 2"),
			map[string]float64{batchError: 1, batchSelects: 1, batchFailures: 1, `db_query_errors_total{class="22",operation="select"}`: 1},
		},
		"one that cannot be prepared": {
			batch("select 1", "select from from", "select 2"),
			map[string]float64{batchError: 1, `db_query_errors_total{class="42",operation="batch"}`: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newRecorder()
			conn := connect(t, url, newTracer(t, c, pgxmon.Config{}))
			err := conn.SendBatch(t.Context(), tc.batch).Close()
			require.Equal(t, tc.want[batchError] > 0, err != nil, "%v", err)
			require.Equal(t, tc.want, merged(c.counts("db_batch"), c.counts("db_query")))
		})
	}
}

// Rows of a batch are those of the query that is counted, and a callback's error is nobody's but the batch's.
func TestBatchRows(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{SlowQuery: 1})
	conn := connect(t, sharedURL(t), tracer)
	b := &pgx.Batch{}
	sum := 0
	b.Queue("select x from generate_series(1, $1) x", 3).Query(func(rows pgx.Rows) error {
		n, err := pgx.CollectRows(rows, pgx.RowTo[int])
		sum += len(n)
		return err
	})
	b.Queue("select 1").QueryRow(func(pgx.Row) error { return errors.New("the application's") })
	require.Error(t, conn.SendBatch(t.Context(), b).Close())
	require.Equal(t, 3, sum)
	require.InDelta(t, 1, c.all()[batchSelects], 0)
	require.InDelta(t, 1, c.all()[batchError], 0)
	require.InDelta(t, 1, c.all()[`db_query_errors_total{class="other",operation="batch"}`], 0)
	require.Equal(t, "batch: select x from generate_series(?, ?) x; select ?", tracer.Slowest(1)[0].SQL)
}

func TestBatchIsCanceled(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	conn := connect(t, sharedURL(t), newTracer(t, c, pgxmon.Config{}))
	ctx, cancel := expired(t.Context(), nil)
	defer cancel()
	err := conn.SendBatch(ctx, batch("select pg_sleep(600)", "select 1")).Close()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, map[string]float64{
		`db_batch_duration_seconds_count{outcome="timeout"}`:                          1,
		`db_batch_query_duration_seconds_count{operation="select",outcome="timeout"}`: 1,
		`db_query_errors_total{class="timeout",operation="select"}`:                   1,
	}, merged(c.counts("db_batch"), c.counts("db_query")))
}

// The server sends what is small when all queries are done, and so it is the whole batch that is slow.
func TestSlowBatch(t *testing.T) {
	t.Parallel()
	c, log := newRecorder(), &logBuffer{}
	tracer := newTracer(t, c, pgxmon.Config{SlowQuery: 40 * time.Millisecond, Logger: log.logger()})
	conn := connect(t, sharedURL(t), tracer)
	_, err := conn.Prepare(t.Context(), "getIt", "select 7 where $1")
	require.NoError(t, err)
	b := batch("select 'secret'", "select 'secret'", "select 'another'", "select pg_sleep(0.05)", "select 1")
	b.Queue("getIt", true)
	require.NoError(t, conn.SendBatch(t.Context(), b).Close())
	require.InDelta(t, 1, c.all()["db_slow_queries_total"], 0)
	slowest := tracer.Slowest(-1)
	require.Len(t, slowest, 1)
	require.Equal(t, "batch", slowest[0].Operation)
	require.Equal(t, "batch: select ?; select pg_sleep(?); select ?; select ? where ?", slowest[0].SQL)
	require.GreaterOrEqual(t, slowest[0].Total, 50*time.Millisecond)
	require.Contains(t, log.String(), "rows=6 outcome=ok")
}

// However long a batch is, what is looked at and kept of it is not.
func TestSlowBatchIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{})
		for name, sql := range map[string]string{"different": "select a%d", "long": "select a%d, " + strings.Repeat("b, ", 5000), "alike": "select %d"} {
			b := &pgx.Batch{}
			for i := range 10_000 {
				b.Queue(fmt.Sprintf(sql, i))
			}
			ctx := tracer.TraceBatchStart(t.Context(), nil, pgx.TraceBatchStartData{Batch: b})
			time.Sleep(time.Hour)
			tracer.TraceBatchEnd(ctx, nil, pgx.TraceBatchEndData{})
			for _, s := range tracer.Slowest(-1) {
				require.LessOrEqual(t, len(s.SQL), pgxmon.MaxText+4, name)
				require.True(t, strings.HasSuffix(s.SQL, " ..."), name)
			}
		}
		require.Len(t, tracer.Slowest(-1), 3)
		ctx := tracer.TraceBatchStart(t.Context(), nil, pgx.TraceBatchStartData{})
		time.Sleep(time.Hour)
		tracer.TraceBatchEnd(ctx, nil, pgx.TraceBatchEndData{})
		require.Len(t, tracer.Slowest(-1), 4)
	})
}
