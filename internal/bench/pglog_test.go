package bench

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// logRecord is one of many alike.
func logRecord(n int) logging.Record {
	return logging.Record{
		Time: time.Now(), Level: zapcore.WarnLevel, Logger: "app.users", Message: "slow request", Module: "users/service.go",
		Function: "github.com/prodwright/example/users.(*Service).Get", Line: 42, UserID: "4711", RequestID: fmt.Sprint("req-", n), IP: "10.1.2.3",
		TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7", Extra: []byte(`"took_ms":812,"path":"/users/4711","method":"GET"`),
	}
}

var logColumns = []string{
	"timestamp", "level", "logger", "message", "module", "function", "line_number", "user_id", "request_id", "ip_address", "trace_id", "span_id", "extra_data",
}

func logValues(r *logging.Record) []any {
	return []any{
		r.Time, "WARNING", r.Logger, r.Message, r.Module, r.Function, r.Line, r.UserID, r.RequestID, r.IP, r.TraceID, r.SpanID, "{" + string(r.Extra) + "}",
	}
}

// BenchmarkPglogStore compares rows in a second by the clock on the wall: the sink from Write to the commit, pgx's CopyFrom
// of the same rows in batches of the same size, and an INSERT for each row. They take turns; the median of five counts.
// The bars are 0.9 of CopyFrom and 20 times the INSERT.
func BenchmarkPglogStore(b *testing.B) {
	ctx := b.Context()
	srv := pgtest.New(b, pgtest.Config{Durable: true})
	pool, err := pgxpool.New(ctx, srv.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	conn, err := pgx.Connect(ctx, srv.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, table := range []string{"insert", "copy", "application_logs"} {
		if err := pglog.Migrate(ctx, conn, pglog.Config{Table: table}); err != nil {
			b.Fatal(err)
		}
	}
	sink, err := pglog.New(pool, pglog.Config{Policy: pglog.Block, BlockTimeout: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sink.Close(context.Background()) })

	const batch = pglog.DefaultBatchRows
	ways := []struct {
		name string
		rows int
		run  func(rows int) error
	}{
		{"insert", 2 * batch, func(rows int) error {
			for n := range rows {
				r := logRecord(n)
				_, err := pool.Exec(ctx, `insert into "insert" (timestamp, level, logger, message, module, function, line_number, user_id, request_id, ip_address,
					trace_id, span_id, extra_data) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, logValues(&r)...)
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"copyfrom", 50 * batch, func(rows int) error {
			for first := 0; first < rows; first += batch {
				_, err := pool.CopyFrom(ctx, pgx.Identifier{"copy"}, logColumns, pgx.CopyFromSlice(min(batch, rows-first), func(n int) ([]any, error) {
					r := logRecord(first + n)
					return logValues(&r), nil
				}))
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"pglog", 50 * batch, func(rows int) error {
			for n := range rows {
				r := logRecord(n)
				if err := sink.Write(&r); err != nil {
					return err
				}
			}
			return sink.Sync(ctx)
		}},
	}
	rates := map[string][]float64{}
	smoke := flag.Lookup("test.benchtime").Value.String() == "1x"
	rounds := runs
	if smoke {
		rounds = 1
	}
	for range rounds {
		for _, w := range ways {
			rows := w.rows
			if smoke {
				rows = 10
			}
			start := time.Now()
			if err := w.run(rows); err != nil {
				b.Fatal(err)
			}
			rates[w.name] = append(rates[w.name], float64(rows)/time.Since(start).Seconds())
			if _, err := conn.Exec(ctx, `truncate "insert", copy, application_logs`); err != nil { // the same for all
				b.Fatal(err)
			}
		}
	}
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			rate := median(rates[w.name])
			b.ReportMetric(0, "ns/op") // hides the meaningless default
			b.ReportMetric(rate, "rows/s")
			for _, other := range []string{"copyfrom", "insert"} {
				ratios := make([]float64, rounds)
				for i := range ratios {
					ratios[i] = rates[w.name][i] / rates[other][i]
				}
				bar := map[string]float64{"copyfrom": 0.9, "insert": 20}[other]
				b.ReportMetric(median(ratios), "x-"+other)
				if w.name == "pglog" && median(ratios) < bar && !smoke {
					b.Errorf("%.2f of %s, less than the %.1f that are promised", median(ratios), other, bar)
				}
			}
		})
	}
}

// BenchmarkPglogWrite compares what a caller pays for a record with encoding it as a line of JSON, in CPU time of its thread
// while the sink stores records on others.
func BenchmarkPglogWrite(b *testing.B) {
	srv := pgtest.New(b, pgtest.Config{})
	open := func(cfg pglog.Config) *pglog.Sink {
		cfg.URL = pglog.NewSecret(srv.URL("postgres"))
		s, err := pglog.Open(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = s.Close(ctx)
		})
		return s
	}
	queue := open(pglog.Config{Policy: pglog.Block, BlockTimeout: time.Hour})
	durable := open(pglog.Config{Table: "durable", SpillDir: b.TempDir(), Durable: true, SpillBytes: -1})
	r := logRecord(1)
	write := func(s *pglog.Sink) func(int) {
		return func(n int) {
			for range n {
				if err := s.Write(&r); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	var line []byte
	compare(b, 1000,
		variant{name: "json", run: func(n int) {
			for range n {
				line = r.AppendJSON(line[:0])
			}
		}},
		variant{name: "pglog-queue", run: write(queue)},
		variant{name: "pglog-durable", run: write(durable)},
	)
}
