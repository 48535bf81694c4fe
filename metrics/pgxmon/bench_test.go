package pgxmon_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// noop is a tracer that does nothing.
type noop struct{}

func (noop) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (noop) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// statements are hot ones of different sorts.
var statements = map[string]string{
	"select": "select id, name from users where id = $1",
	"with":   "with x as (select id from users where name = 'a') update users set name = $1 from x where x.id = users.id",
	"named":  "-- name: GetUser :one\nselect id, name from users where id = $1",
	"other":  "getUser",
}

// A query costs one allocation, of what carries its start to its end.
//
// Not parallel, as everybody's allocations are counted.
func TestAllocations(t *testing.T) {
	for name, sql := range statements {
		for _, names := range []bool{false, true} {
			tracer := newTracer(t, metrics.Discard{}, pgxmon.Config{Names: names})
			with := testing.AllocsPerRun(100, func() { once(tracer, sql) })
			without := testing.AllocsPerRun(100, func() { once(noop{}, sql) })
			require.InDelta(t, 1, with-without, 0, "%s", name)
		}
	}
}

func once(tracer pgx.QueryTracer, sql string) {
	ctx := tracer.TraceQueryStart(context.Background(), nil, pgx.TraceQueryStartData{SQL: sql})
	tracer.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{})
}

// The same on a real connection.
func TestAllocationsOfAQuery(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	url := sharedURL(t)
	measure := func(tracer pgx.QueryTracer) float64 {
		conn := connect(t, url, tracer)
		return testing.AllocsPerRun(200, func() {
			var n int
			if err := conn.QueryRow(context.Background(), "select $1::int", 1).Scan(&n); err != nil {
				t.Error(err)
			}
		})
	}
	with, without := measure(newTracer(t, metrics.Discard{}, pgxmon.Config{})), measure(noop{})
	t.Logf("%v allocations, %v with a tracer that does nothing", with, without)
	require.InDelta(t, 1, with-without, 0)
}

func BenchmarkTracer(b *testing.B) {
	registry := &metrics.Registry{}
	tracer, err := pgxmon.New(registry, pgxmon.Config{Names: true})
	require.NoError(b, err)
	for name, sql := range statements {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				once(tracer, sql)
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				once(tracer, statements["select"])
			}
		})
	})
}

func BenchmarkNormalize(b *testing.B) {
	for name, sql := range map[string]string{
		"short": "select id, name from users where id = 5 and name = 'a'",
		"8KiB":  "insert into t values (1, 'a')" + strings.Repeat(", (1, 'a')", 815),
		"deep":  strings.Repeat("in (1,", 1365),
		"names": strings.Repeat("a,b ", 2047),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(sql)))
			for b.Loop() {
				pgxmon.Normalize(sql)
			}
		})
	}
}
