// Logs writes to a file and to a PostgreSQL of its own under load, while the server is killed and comes back, and while no
// file can grow, as on a full disk. Then it looks for every record.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
	"github.com/prodwright/prodwright/logging/rotate"
)

func main() { demo.Main(run) }

func run(ctx context.Context, v *demo.Verdict) error {
	server, err := pgtest.Start(ctx, pgtest.Config{Durable: true})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	dir, err := os.MkdirTemp("", "logs")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	url := server.URL("postgres")

	db, err := pglog.Open(ctx, pglog.Config{
		URL: pglog.NewSecret(url), Level: "INFO", SpillDir: filepath.Join(dir, "spill"),
		OnError: func(err error) { slog.Warn("log sink", "error", err) },
	})
	if err != nil {
		return err
	}
	logs, err := logging.New(logging.Config{
		Dir: dir, Console: logging.Console{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
		File: logging.File{MaxBytes: 1 << 20, Backups: -1}, Sinks: []logging.Sink{db}, Fallback: os.Stderr,
	})
	if err != nil {
		return err
	}
	written, err := load(ctx, server, logs)
	if err != nil {
		return err
	}
	if err := logs.Close(ctx); err != nil {
		return err
	}
	path := filepath.Join(dir, "application.log")
	file := logs.FileStats()[path]
	v.Figure("written", written)
	v.Figure("file", file)
	v.Figure("database", db.Stats())
	return judge(ctx, v, url, path, written, file)
}

// load logs until the server was killed and started again, and no file could grow for a while.
func load(ctx context.Context, server *pgtest.Server, logs *logging.Logs) (written int64, err error) {
	var n atomic.Int64
	var writers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		writers.Go(func() {
			log := logs.Named("orders")
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
					id := n.Add(1)
					log.Warn("order is late", zap.Int64("id", id), zap.String("password", "hunter2"))
				}
			}
		})
	}
	defer func() { close(stop); writers.Wait(); written = n.Load() }()
	pause(ctx)
	if err := server.Kill(); err != nil {
		return 0, err
	}
	pause(ctx)
	if err := server.Start(ctx); err != nil {
		return 0, err
	}
	pause(ctx)
	giveBack, err := takeDisk()
	if err != nil {
		return 0, err
	}
	pause(ctx)
	giveBack()
	pause(ctx)
	return 0, ctx.Err()
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(1500 * time.Millisecond):
	}
}

// judge looks for every record in the database and in the file.
func judge(ctx context.Context, v *demo.Verdict, url, path string, written int64, file rotate.Stats) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var rows, different int64
	const count = `select count(*), count(distinct extra_data->>'id') from application_logs where logger = 'orders'`
	if err := conn.QueryRow(ctx, count).Scan(&rows, &different); err != nil {
		return err
	}
	v.Figure("rows", rows)
	v.Figure("lost", written-different)
	v.Claimf(different == written && rows == written, "every record is in the database exactly once (%d of %d, %d rows)", different, written, rows)

	ids := map[int64]int{}
	broken, secrets := 0, 0
	for line, err := range rotate.Lines(path) {
		var r struct {
			Extra struct {
				ID       int64
				Password string
			} `json:"extra_data"`
		}
		if err != nil || json.Unmarshal(line, &r) != nil {
			broken++
			continue
		}
		ids[r.Extra.ID]++
		if r.Extra.Password != "[redacted]" {
			secrets++
		}
	}
	v.Figure("unreadable_lines", broken)
	v.Claimf(file.Errors > 0, "the disk was full for some (%d lines refused)", file.Errors)
	v.Claimf(int64(len(ids)) >= file.Lines && file.Lines+file.Errors == written, "every line that the file acknowledged is in it (%d of %d)", len(ids), file.Lines)
	v.Claimf(secrets == 0, "no secret is in the file")
	return nil
}
