package pgxmon

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// activity is what a call does.
type activity uint8

const (
	querying activity = iota + 1
	batching
	copying
	preparing
	connecting
	acquiring
)

// call is what is kept of an operation between its start and its end: a context, so that there is one allocation for both.
type call struct {
	context.Context

	tracer   *Tracer
	activity activity
	sql      string
	name     string // of a statement that is prepared
	start    time.Time

	// What follows changes. A connection, and so what it does, is used by one goroutine at a time.

	batch  *pgx.Batch
	rows   int64 // of the batch
	outer  *call // the query, batch or copy that something is prepared for: the error is that one's
	failed bool  // a query of the batch has
	ended  bool  // pgx reports the end of some batches twice
}

// callKey finds the calls of one tracer: several may be chained. As it is a pointer, asking takes no memory.
type callKey struct{ tracer *Tracer }

// Value returns the call itself to its tracer.
func (c *call) Value(key any) any {
	if k, ok := key.(callKey); ok && k.tracer == c.tracer {
		return c
	}
	return c.Context.Value(key)
}

// String keeps SQL out of printed contexts.
func (c *call) String() string { return "pgxmon" }

// GoString is as String.
func (c *call) GoString() string { return "pgxmon" }

// begin returns the context of a call that starts now.
func (t *Tracer) begin(ctx context.Context, a activity, sql string) *call {
	return &call{Context: ctx, tracer: t, activity: a, sql: sql, start: time.Now()}
}

// callOf returns the innermost call, nil when it does something else or there is none.
func (t *Tracer) callOf(ctx context.Context, a activity) *call {
	c, ok := ctx.(*call)
	if !ok || c.tracer != t {
		c, ok = ctx.Value(callKey{t}).(*call)
	}
	if !ok || c.activity != a {
		return nil
	}
	return c
}
