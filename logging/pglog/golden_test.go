package pglog_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

var update = flag.Bool("update", false, "write the golden file")

// clock always shows the same time.
type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600)) }

func (clock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// TestGoldenRows compares the rows of a fixed program, as PostgreSQL gives them back, with a file.
func TestGoldenRows(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	sink := open(t, url, pglog.Config{Release: "v1.2.3"})
	var console bytes.Buffer
	logs, err := logging.New(logging.Config{
		Level: "DEBUG", Dir: t.TempDir(), Sinks: []logging.Sink{sink}, Fallback: &console, Caller: logging.Disable,
		Console: logging.Console{Enabled: logging.Disable}, File: logging.File{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
	})
	require.NoError(t, err)
	program(logs.Logger().WithOptions(zap.WithClock(clock{})))
	synced(t, sink)
	require.NoError(t, logs.Close(context.Background()))
	require.Empty(t, console.String())

	conn := connect(t, url)
	_, err = conn.Exec(t.Context(), "set timezone to 'UTC'")
	require.NoError(t, err)
	var got bytes.Buffer
	_, err = conn.PgConn().CopyTo(t.Context(), &got, `copy (select timestamp, level, logger, message, module, function, line_number, user_id, request_id,
		ip_address, trace_id, span_id, release, regexp_replace(exception, '(^|\n)github.com/prodwright.*', '\1STACK') as exception, fingerprint, extra_data
		from application_logs order by id) to stdout`)
	require.NoError(t, err)

	path := filepath.Join("testdata", "rows.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}

// program logs what the rows have to show.
func program(log *zap.Logger) {
	ctx := logging.With(context.Background(), logging.UserID("4711"), logging.RequestID("req-456"), logging.IP(netip.MustParseAddr("::ffff:203.0.113.9")),
		logging.TraceID("0af7651916cd43dd8448eb211c80319c"), logging.SpanID("b7ad6b7169203331"), zap.String("tenant", "acme"))
	app := log.Named("app")
	app.Info("started")
	app.Debug("Ünïcode,\ttabs, \\ and\nlines", zap.String("quoted", `"\`), zap.ByteString("torn", []byte("a\xffb")), zap.String("nul", "a\x00b"))
	app.Info("what PostgreSQL refuses: \x00 and \xff")
	app.Named("users").Warn("quota nearly reached", logging.Ctx(ctx), zap.Int("used", 95), zap.Float64("ratio", 0.95), zap.Duration("after", 1500*time.Millisecond))
	app.Error("query failed for user 4711 after 20 ms", logging.Ctx(ctx), zap.Error(errors.New("connection refused")))
	app.Error("query failed for user 4712 after 31 ms", zap.Error(errors.New("connection refused")))
	app.Error("query failed", logging.Fingerprint("db-down"), zap.Dict("extra_data", zap.String("error_code", "E001")))
	app.DPanic(strings.Repeat("é", 3))
}
