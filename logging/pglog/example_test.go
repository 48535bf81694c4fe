package pglog_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/pglog"
)

// exampleURL returns a database for an example, and what drops it.
func exampleURL() (url string, drop func()) {
	name, err := shared.CreateDatabase(context.Background(), "")
	if err != nil {
		panic(err)
	}
	return shared.URL(name), func() {
		if err := shared.DropDatabase(context.Background(), name); err != nil {
			panic(err)
		}
	}
}

// Records are stored in batches. Sync waits for them.
func ExampleSink() {
	url, drop := exampleURL()
	defer drop()
	ctx := context.Background()

	sink, err := pglog.Open(ctx, pglog.Config{URL: pglog.NewSecret(url), Level: "INFO"})
	if err != nil {
		fmt.Println(err)
		return
	}
	record := logging.Record{
		Time: time.Now(), Level: zapcore.ErrorLevel, Logger: "app.users", Message: "user not found",
		UserID: "4711", IP: "10.0.0.1:52011", Extra: []byte(`"attempt":2`),
	}
	if err := sink.Write(&record); err != nil {
		fmt.Println(err)
	}
	if err := sink.Close(ctx); err != nil {
		fmt.Println(err)
	}

	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	var line string
	_ = conn.QueryRow(ctx, "select concat_ws(' ', level, logger, message, user_id, ip_address, extra_data) from application_logs").Scan(&line)
	fmt.Println(line)
	// Output: ERROR app.users user not found 4711 10.0.0.1 {"attempt": 2}
}

// A sink on a pool of the host's, with a spill for outages.
func ExampleConfig() {
	pool, err := pgxpool.New(context.Background(), "postgres://app@127.0.0.1:1/down?sslmode=disable")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	dir, err := os.MkdirTemp("", "pglog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	sink, err := pglog.New(pool, pglog.Config{SpillDir: dir, SpillBytes: 100 << 20, RetentionDays: 90})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = sink.Write(&logging.Record{Time: time.Now(), Level: zapcore.ErrorLevel, Message: "nobody listens"})
	fmt.Println("closed:", sink.Close(context.Background()))
	fmt.Println("on disk:", sink.Stats().Spilled)
	// Output:
	// closed: <nil>
	// on disk: 1
}

// What was dropped is counted by reason and level.
func ExampleStats() {
	pool, err := pgxpool.New(context.Background(), "postgres://app@127.0.0.1:1/down?sslmode=disable")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	sink, err := pglog.New(pool, pglog.Config{Policy: pglog.Drop, QueueEntries: 2, BatchInterval: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, level := range []zapcore.Level{zapcore.WarnLevel, zapcore.WarnLevel, zapcore.ErrorLevel} {
		_ = sink.Write(&logging.Record{Time: time.Now(), Level: level})
	}
	stats := sink.Stats()
	fmt.Println(stats.Accepted, stats.Queued, stats.DroppedBy)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println(sink.Close(ctx) != nil)
	// Output:
	// 3 2 map[queue_full WARNING:1]
	// true
}

func ExamplePolicy() {
	var p pglog.Policy
	fmt.Println(p.UnmarshalText([]byte("BLOCK")), p)
	// Output: <nil> block
}

// A secret shows itself to nobody by accident.
func ExampleSecret() {
	s := pglog.NewSecret("postgres://app:hunter2@db/logs")
	fmt.Printf("%s %v %q %d\n", s, s, s, len(s.Reveal()))
	// Output: [redacted] [redacted] [redacted] 30
}

// The tables are made by a role that may, before programs start that may only write.
func ExampleMigrate() {
	url, drop := exampleURL()
	defer drop()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	cfg := pglog.Config{PartitionsAhead: 3}
	fmt.Println(pglog.Migrate(ctx, conn, cfg))
	fmt.Println(pglog.Maintain(ctx, conn, cfg))
	partitions, rows, err := pglog.Cleanup(ctx, conn, cfg, 30)
	fmt.Println(partitions, rows, err)
	// Output:
	// <nil>
	// <nil>
	// 0 0 <nil>
}

// The errors of the last day, the most frequent first.
func ExampleAnalyzer() {
	url, drop := exampleURL()
	defer drop()
	ctx := context.Background()
	sink, err := pglog.Open(ctx, pglog.Config{URL: pglog.NewSecret(url)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range 3 {
		_ = sink.Write(&logging.Record{Time: time.Now().Add(-time.Minute), Level: zapcore.ErrorLevel, Logger: "app", Message: fmt.Sprint("user ", n, " not found"), UserID: fmt.Sprint(n)})
	}
	if err := sink.Close(ctx); err != nil {
		fmt.Println(err)
	}

	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	answers, err := pglog.NewAnalyzer(conn, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for group, err := range answers.TopErrors(ctx, analysis.Query{}) {
		fmt.Println(group.Count, group.Users, group.Message, err)
	}
	// Output: 3 3 user 2 not found <nil>
}

// A pool, a connection and a transaction are all that an Analyzer needs.
func ExampleQuerier() {
	var _ = []pglog.Querier{(*pgxpool.Pool)(nil), (*pgx.Conn)(nil), pgx.Tx(nil)}
	_, err := pglog.NewAnalyzer((*pgxpool.Pool)(nil), "a.b.c")
	fmt.Println(err)
	// Output: logging/pglog: table is "a.b.c" and has more than one dot: must be table or schema.table
}
