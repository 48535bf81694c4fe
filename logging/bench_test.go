package logging_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// tenFields are those of an ordinary record.
func tenFields() []zap.Field {
	return []zap.Field{
		zap.String("route", "/users/{id}"), zap.String("method", "GET"), zap.Int("status", 200), zap.Duration("took", 1500*time.Microsecond),
		zap.Bool("cached", true), zap.Int64("bytes", 12345), zap.String("plan", "professional"), zap.Time("since", time.Unix(1700000000, 0)),
		zap.Float64("ratio", 0.25), zap.Error(errors.New("connection reset by peer")),
	}
}

func BenchmarkRecord(b *testing.B) {
	fields := tenFields()
	b.Run("zap", func(b *testing.B) {
		cfg := zap.NewProductionEncoderConfig()
		log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.AddSync(io.Discard), zap.InfoLevel))
		b.ReportAllocs()
		for b.Loop() {
			log.Info("request served", fields...)
		}
	})
	b.Run("logs", func(b *testing.B) {
		l, err := logging.New(logging.Config{
			Console: logging.Console{Structured: true, Writer: io.Discard}, Caller: logging.Disable,
			File: logging.File{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
		})
		if err != nil {
			b.Fatal(err)
		}
		log := l.Named("app.users")
		ctx := logging.With(b.Context(), logging.UserID("4711"), logging.RequestID("0123456789abcdef"), logging.TraceID("0123456789abcdef0123456789abcdef"))
		all := append([]zap.Field{logging.Ctx(ctx)}, fields...)
		b.ReportAllocs()
		for b.Loop() {
			log.Info("request served", all...)
		}
	})
}
