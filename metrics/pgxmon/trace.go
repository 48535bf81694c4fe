package pgxmon

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics"
)

// end gives the duration of a call to the collector, the first time. It returns the class of the error.
func (t *Tracer) end(
	ctx context.Context, conn *pgx.Conn, durations *metrics.Vec[outcomeLabel, metrics.Histogram], c *call, err error,
) (class string, first bool) {
	outcome, class := judge(ctx, err, isClosed(conn))
	if c.ended {
		return class, false
	}
	c.ended = true
	durations.With(outcomeLabel{outcome}).Observe(time.Since(c.start).Seconds())
	return class, true
}

// TraceCopyFromStart begins to measure a copy.
func (t *Tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return t.begin(ctx, copying, "")
}

// TraceCopyFromEnd counts a copy and its rows.
func (t *Tracer) TraceCopyFromEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromEndData) {
	if c := t.callOf(ctx, copying); c != nil {
		t.endCopy(ctx, conn, c, data)
	}
}

func (t *Tracer) endCopy(ctx context.Context, conn *pgx.Conn, c *call, data pgx.TraceCopyFromEndData) {
	switch class, first := t.end(ctx, conn, t.copies, c, data.Err); {
	case !first:
	case class != "":
		t.errors.With(errorLabels{opCopy, class}).Inc()
	default:
		t.copied.Add(float64(data.CommandTag.RowsAffected()))
	}
}

// TracePrepareStart begins to measure the preparation of a statement.
func (t *Tracer) TracePrepareStart(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	c := t.begin(ctx, preparing, data.SQL)
	c.name = data.Name
	if outer, ok := ctx.Value(callKey{t}).(*call); ok && outer.activity <= copying {
		c.outer = outer
	}
	return c
}

// TracePrepareEnd counts the preparation of a statement, unless it was prepared already. The error of one that belongs to a
// query, a batch or a copy is counted as theirs.
func (t *Tracer) TracePrepareEnd(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareEndData) {
	c := t.callOf(ctx, preparing)
	if c == nil || data.AlreadyPrepared {
		return
	}
	class, _ := t.end(ctx, conn, t.prepares, c, data.Err)
	switch {
	case class == "":
		t.remember(conn, c.name, c.sql)
	case c.outer == nil:
		t.errors.With(errorLabels{opPrepare, class}).Inc()
	case c.outer.activity == copying: // pgx does not report the end of such a copy
		t.endCopy(ctx, conn, c.outer, pgx.TraceCopyFromEndData{Err: data.Err})
	}
}

// TraceConnectStart begins to measure a connect.
func (t *Tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return t.begin(ctx, connecting, "")
}

// TraceConnectEnd counts a connect.
func (t *Tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	c := t.callOf(ctx, connecting)
	if c == nil {
		return
	}
	if class, _ := t.end(ctx, nil, t.connects, c, data.Err); class != "" {
		t.connectErrors.With(classLabel{class}).Inc()
	}
}

// TraceAcquireStart begins to measure the wait for a connection of a pool.
func (t *Tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return t.begin(ctx, acquiring, "")
}

// TraceAcquireEnd counts the wait, and the connection when there is one.
func (t *Tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	c := t.callOf(ctx, acquiring)
	if c == nil {
		return
	}
	if class, _ := t.end(ctx, nil, t.waits, c, data.Err); class == "" && data.Conn != nil {
		t.acquires.Inc()
	}
}

// TraceRelease counts a connection that comes back to its pool.
func (t *Tracer) TraceRelease(*pgxpool.Pool, pgxpool.TraceReleaseData) { t.releases.Inc() }
