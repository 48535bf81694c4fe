package bench

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/redact"
)

// ordinary are the fields of an ordinary record.
func ordinary() []zap.Field {
	return []zap.Field{
		zap.String("route", "/users/{id}"), zap.String("method", "GET"), zap.Int("status", 200), zap.Duration("took", 1500*time.Microsecond),
		zap.Bool("cached", true), zap.Int64("bytes", 12345), zap.String("plan", "professional"), zap.Time("since", time.Unix(1700000000, 0)),
		zap.Float64("ratio", 0.25), zap.Error(errors.New("connection reset by peer")),
	}
}

// request are those of its context.
func request() []zap.Field {
	return []zap.Field{logging.UserID("4711"), logging.RequestID("0123456789abcdef"), logging.TraceID("0af7651916cd43dd8448eb211c80319c")}
}

// toNowhere returns logs whose lines are encoded and thrown away.
func toNowhere(b *testing.B, cfg logging.Config) *logging.Logs {
	b.Helper()
	cfg.Console.Structured, cfg.Console.Writer = true, io.Discard
	cfg.File.Enabled, cfg.ErrorFile.Enabled = logging.Disable, logging.Disable
	logs, err := logging.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = logs.Close(context.Background()) })
	return logs
}

// BenchmarkLog compares a record through the whole pipeline (levels by name, fields of a context, secrets, JSON) with what zap
// takes to encode the same fields.
func BenchmarkLog(b *testing.B) {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	bare := func(cfg zapcore.EncoderConfig, options ...zap.Option) *zap.Logger {
		return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.AddSync(io.Discard), zap.InfoLevel), options...).Named("app.users")
	}
	same := append(request(), ordinary()...)
	ctx := logging.With(b.Context(), request()...)
	ours := append([]zap.Field{logging.Ctx(ctx)}, ordinary()...)
	line := func(log *zap.Logger, fields []zap.Field) func(int) {
		return func(n int) {
			for range n {
				log.Info("request served", fields...)
			}
		}
	}
	quiet := logging.Config{Caller: logging.Disable}
	levels := quiet
	levels.Levels = map[string]string{"app.db": "DEBUG", "app.http": "ERROR"}
	off := quiet
	off.Redact = redact.Config{Off: true}
	secrets := append([]zap.Field{logging.Ctx(ctx), zap.String("password", "hunter2")}, ordinary()...)
	log := toNowhere(b, quiet)
	handler := slog.New(log.Handler("app.users"))
	peer := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // it is the encoding that is measured
	attrs := func(log *slog.Logger) func(int) {
		return func(n int) {
			for range n {
				log.LogAttrs(ctx, slog.LevelInfo, "request served", slog.String("route", "/users/{id}"), slog.String("method", "GET"), slog.Int("status", 200), slog.Duration("took", 1500*time.Microsecond), slog.Bool("cached", true))
			}
		}
	}
	epoch := zap.NewProductionEncoderConfig()
	compare(
		b, 2000,
		variant{name: "zap", run: line(bare(cfg), same)},
		variant{name: "zap-epoch", run: line(bare(epoch), same)},
		variant{name: "logging", run: line(log.Named("app.users"), ours), max: 1.25},
		variant{name: "logging-levels", run: line(toNowhere(b, levels).Named("app.users"), ours), max: 1.25},
		variant{name: "logging-with-a-secret", run: line(log.Named("app.users"), secrets)},
		variant{name: "logging-without-redaction", run: line(toNowhere(b, off).Named("app.users"), ours)},
		variant{name: "zap-caller", run: line(bare(cfg, zap.AddCaller()), same)},
		variant{name: "logging-caller", run: line(toNowhere(b, logging.Config{}).Named("app.users"), ours)},
		variant{name: "slog", run: attrs(peer)},
		variant{name: "logging-slog", run: attrs(handler)},
	)
}
