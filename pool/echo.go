package pool

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// echoTracer logs statements without their arguments.
type echoTracer struct{ logger *slog.Logger }

type echoKey struct{}

type echoStart struct {
	sql string
	at  time.Time
}

func (t *echoTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !t.logger.Enabled(ctx, slog.LevelDebug) {
		return ctx
	}
	return context.WithValue(ctx, echoKey{}, echoStart{sql: data.SQL, at: time.Now()})
}

func (t *echoTracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	start, ok := ctx.Value(echoKey{}).(echoStart)
	if !ok {
		return
	}
	attrs := []any{
		"sql", start.sql, "duration", time.Since(start.at), "rows", data.CommandTag.RowsAffected(),
		"pid", conn.PgConn().PID(),
	}
	if data.Err != nil {
		attrs = append(attrs, "error", data.Err)
	}
	t.logger.DebugContext(ctx, "statement", attrs...)
}
