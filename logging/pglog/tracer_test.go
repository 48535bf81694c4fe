package pglog_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// loop is a tracer of the host's pool that logs everything it sees into the sink that uses the pool.
type loop struct {
	sink            atomic.Pointer[pglog.Sink]
	skip            bool
	statements, all atomic.Int64
	own             atomic.Int64
}

func (l *loop) see(ctx context.Context, statement bool) {
	l.all.Add(1)
	if statement {
		l.statements.Add(1)
	}
	if pglog.Own(ctx) {
		l.own.Add(1)
		if l.skip {
			return
		}
	}
	if s := l.sink.Load(); s != nil {
		_ = s.Write(&logging.Record{Time: time.Now(), Level: zapcore.ErrorLevel, Logger: "db", Message: "traced"})
	}
}

func (l *loop) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	l.see(ctx, d.SQL != "-- ping")
	return ctx
}
func (l *loop) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (l *loop) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	l.see(ctx, true)
	return ctx
}
func (l *loop) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}
func (l *loop) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	l.see(ctx, false)
	return ctx
}
func (l *loop) TraceConnectEnd(context.Context, pgx.TraceConnectEndData) {}
func (l *loop) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	l.see(ctx, false)
	return ctx
}
func (l *loop) TraceAcquireEnd(context.Context, *pgxpool.Pool, pgxpool.TraceAcquireEndData) {}

// A tracer that logs sees no statement of the sink; what it sees it can tell by Own. One that does not ask is kept at bay by
// Ignore.
func TestTracerThatLogs(t *testing.T) {
	t.Parallel()
	for name, skip := range map[string]bool{"asks Own": true, "is ignored by name": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := sharedURL(t)
			tracer := &loop{skip: skip}
			pc, err := pgxpool.ParseConfig(url)
			require.NoError(t, err)
			pc.ConnConfig.Tracer = tracer
			pool, err := pgxpool.NewWithConfig(t.Context(), pc)
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			cfg := pglog.Config{Level: "DEBUG", BatchInterval: time.Millisecond}
			if !skip {
				cfg.Ignore = []string{"db"}
			}
			s, err := pglog.New(pool, cfg)
			require.NoError(t, err)
			tracer.sink.Store(s)
			for n := range 300 {
				require.NoError(t, s.Write(numbered(n, zapcore.ErrorLevel)))
				if n%100 == 0 {
					synced(t, s)
				}
			}
			require.NoError(t, s.Maintain(t.Context()))
			closed(t, s)
			require.Equal(t, int64(300), s.Stats().Accepted)
			require.Equal(t, int64(300), query[int64](t, url, "select count(*) from application_logs"))
			require.Zero(t, tracer.statements.Load())
			require.Positive(t, tracer.all.Load())
			require.Equal(t, tracer.all.Load(), tracer.own.Load(), "all of it is marked")
		})
	}
}
