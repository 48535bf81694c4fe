package pgxmon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics"
)

// Tracer measures what a pgx connection or pool does. It is every tracer that pgx has; it only observes. Use [New]. A
// Tracer is safe for concurrent use, by any number of connections and pools; it has no goroutines.
type Tracer struct {
	cfg Config

	queries, batchQueries                      *metrics.Vec[queryLabels, metrics.Histogram]
	errors                                     *metrics.Vec[errorLabels, metrics.Counter]
	batches, copies, prepares, connects, waits *metrics.Vec[outcomeLabel, metrics.Histogram]
	connectErrors                              *metrics.Vec[classLabel, metrics.Counter]
	slow, copied, acquires, releases           metrics.Counter

	names      names[string]    // of queries
	statements names[*prepared] // that were prepared under a name
	slowest    table
}

type (
	queryLabels  struct{ Operation, Outcome string }
	errorLabels  struct{ Operation, Class string }
	outcomeLabel struct{ Outcome string }
	classLabel   struct{ Class string }
)

var (
	_ pgx.QueryTracer       = (*Tracer)(nil)
	_ pgx.BatchTracer       = (*Tracer)(nil)
	_ pgx.CopyFromTracer    = (*Tracer)(nil)
	_ pgx.PrepareTracer     = (*Tracer)(nil)
	_ pgx.ConnectTracer     = (*Tracer)(nil)
	_ pgxpool.AcquireTracer = (*Tracer)(nil)
	_ pgxpool.ReleaseTracer = (*Tracer)(nil)
)

// New makes a tracer that gives its figures to c, which may be [metrics.Discard]. The error names every problem of the
// configuration, or says that there is no collector.
func New(c metrics.Collector, cfg Config) (*Tracer, error) {
	if err := valid(c, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Tracer{
		cfg:           cfg,
		queries:       metrics.NewHistogramVec[queryLabels](c, "db_query_duration_seconds"),
		batchQueries:  metrics.NewHistogramVec[queryLabels](c, "db_batch_query_duration_seconds"),
		errors:        metrics.NewCounterVec[errorLabels](c, "db_query_errors_total"),
		batches:       metrics.NewHistogramVec[outcomeLabel](c, "db_batch_duration_seconds"),
		copies:        metrics.NewHistogramVec[outcomeLabel](c, "db_copy_duration_seconds"),
		prepares:      metrics.NewHistogramVec[outcomeLabel](c, "db_prepare_duration_seconds"),
		connects:      metrics.NewHistogramVec[outcomeLabel](c, "db_connect_duration_seconds"),
		waits:         metrics.NewHistogramVec[outcomeLabel](c, "db_pool_acquire_duration_seconds"),
		connectErrors: metrics.NewCounterVec[classLabel](c, "db_connect_errors_total"),
		slow:          c.Counter("db_slow_queries_total"),
		copied:        c.Counter("db_copy_rows_total"),
		acquires:      c.Counter("db_pool_acquires_total"),
		releases:      c.Counter("db_pool_releases_total"),
		names:         names[string]{limit: cfg.MaxNames},
		statements:    names[*prepared]{limit: maxPrepared},
	}, nil
}

func valid(c metrics.Collector, err error) error {
	if c == nil {
		err = errors.Join(errors.New("the collector is nil: metrics.Discard{} forgets what it is given"), err)
	}
	if err != nil {
		return fmt.Errorf("pgxmon: invalid configuration:\n%w", err)
	}
	return nil
}

// Slowest returns the slow statements that took the longest in total, at most n of them, the longest first; all 100 when n
// is negative.
func (t *Tracer) Slowest(n int) []Statement { return t.slowest.slowest(n) }

// TraceQueryStart begins to measure a query.
func (t *Tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx, querying, data.SQL)
}

// TraceQueryEnd counts a query. pgx calls it when the rows are closed: see the package's limits.
func (t *Tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	c := t.callOf(ctx, querying)
	if c == nil {
		return
	}
	e := execution{sql: c.sql, took: time.Since(c.start), rows: data.CommandTag.RowsAffected()}
	known := t.count(ctx, conn, t.queries, &e, data.Err)
	if t.isSlow(e.took) {
		sql, h := t.shape(conn, e, known)
		t.tell(ctx, e, sql, h)
	}
}

// execution is a query that has ended.
type execution struct {
	sql  string
	took time.Duration
	rows int64

	operation, outcome, class string
}

// count gives a query to the collector. It completes e, and returns what the SQL stands for when that is a name.
func (t *Tracer) count(ctx context.Context, conn *pgx.Conn, durations *metrics.Vec[queryLabels, metrics.Histogram], e *execution, err error) *prepared {
	var known *prepared
	e.operation, known = t.operation(e.sql)
	e.outcome, e.class = judge(ctx, err, isClosed(conn))
	durations.With(queryLabels{e.operation, e.outcome}).Observe(e.took.Seconds())
	if e.class != "" {
		t.errors.With(errorLabels{e.operation, e.class}).Inc()
	}
	return known
}

func (t *Tracer) isSlow(took time.Duration) bool {
	return t.cfg.SlowQuery >= 0 && took >= t.cfg.SlowQuery
}

func isClosed(conn *pgx.Conn) bool { return conn != nil && conn.IsClosed() }

// tell counts and logs what is slow. sql has nothing but names and keywords, and h is the hash of it.
func (t *Tracer) tell(ctx context.Context, e execution, sql string, h uint64) {
	t.slow.Inc()
	held, log := t.slowest.add(sql, h, e.operation, e.took, time.Now(), t.cfg.LogInterval)
	if !log {
		return
	}
	logger := t.cfg.Logger
	if logger == nil {
		logger = slog.Default()
	}
	attrs := []slog.Attr{
		slog.String("operation", e.operation), slog.String("fingerprint", fingerprint(h)),
		slog.String("sql", shortened(sql, t.cfg.LogLength)), slog.Duration("duration", e.took), slog.Int64("rows", e.rows),
		slog.String("outcome", e.outcome),
	}
	if e.class != "" {
		attrs = append(attrs, slog.String("class", e.class))
	}
	if held > 0 {
		attrs = append(attrs, slog.Int("not_logged", held))
	}
	logger.LogAttrs(ctx, slog.LevelWarn, "pgxmon: a query is slow", attrs...)
}
