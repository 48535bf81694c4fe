package pgxmon

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxBatch is how many different queries of a slow batch are looked at.
const maxBatch = 100

// TraceBatchStart begins to measure a batch.
func (t *Tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	c := t.begin(ctx, batching, "")
	c.batch = data.Batch
	return c
}

// TraceBatchQuery counts a query of a batch. Its duration is the time that its result was read: see the package's limits.
func (t *Tracer) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	c := t.callOf(ctx, batching)
	if c == nil {
		return
	}
	e := execution{sql: data.SQL, took: time.Since(data.ReadStartTime), rows: data.CommandTag.RowsAffected()}
	t.count(ctx, conn, t.batchQueries, &e, data.Err)
	c.failed = c.failed || e.class != ""
	c.rows += e.rows
}

// TraceBatchEnd counts a batch. An error that one of its queries had is not counted again.
func (t *Tracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	c := t.callOf(ctx, batching)
	if c == nil || c.ended {
		return
	}
	c.ended = true
	e := execution{operation: opBatch, took: time.Since(c.start), rows: c.rows}
	e.outcome, e.class = judge(ctx, data.Err, isClosed(conn))
	t.batches.With(outcomeLabel{e.outcome}).Observe(e.took.Seconds())
	if e.class != "" && !c.failed {
		t.errors.With(errorLabels{opBatch, e.class}).Inc()
	}
	if t.isSlow(e.took) {
		sql := t.shapeOfBatch(conn, c.batch, e.class)
		t.tell(ctx, e, sql, hash(sql))
	}
}

// shapeOfBatch returns the queries of a batch without their data, and without those that are like the one before.
func (t *Tracer) shapeOfBatch(conn *pgx.Conn, b *pgx.Batch, class string) string {
	var all strings.Builder
	all.WriteString(opBatch + ":")
	if b == nil {
		return all.String()
	}
	seen, raw, last := 0, "", ""
	for _, q := range b.QueuedQueries {
		if q.SQL == raw {
			continue
		}
		if seen++; seen > maxBatch || all.Len() > maxText {
			all.WriteString(marker)
			break
		}
		raw = q.SQL
		op, known := t.operation(q.SQL)
		sql, _ := t.shape(conn, execution{sql: q.SQL, operation: op, class: class}, known)
		if sql == last {
			continue
		}
		if last != "" {
			all.WriteByte(';')
		}
		last = sql
		all.WriteString(" " + sql)
	}
	return all.String()
}
