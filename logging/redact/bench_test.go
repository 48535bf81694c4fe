package redact_test

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// usual are the fields of a record as services write them.
func usual() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/users/42/orders"), zap.String("client", "10.0.0.7, 172.16.3.12"),
		zap.Int("status", 200), zap.Int64("bytes", 18432), zap.Int("attempt", 1), zap.Duration("took", 12*time.Millisecond), zap.Time("at", time.Unix(1767322800, 0)),
		zap.Bool("cached", true), zap.Error(errors.New("connection reset by peer")),
	}
}

func BenchmarkRedact(b *testing.B) {
	secretFields := append(usual(), zap.String("password", "hunter2"))
	objects := append(usual(), zap.Object("user", user{Name: "ann", Age: 41}), zap.Strings("tags", []string{"a", "b"}))
	for name, fields := range map[string][]zapcore.Field{"harmless": usual(), "password": secretFields, "objects": objects, "any": append(usual(), zap.Any("m", map[string]any{"user": "ann", "n": 7}))} {
		b.Run(name, func(b *testing.B) {
			r := newRedactor(b, redact.Config{})
			b.ReportAllocs()
			for b.Loop() {
				batch := r.Redact(fields)
				batch.Free()
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	r := newRedactor(b, redact.Config{})
	for name, text := range map[string]string{"ordinary": "user ann logged in from 10.0.0.7:51334 with client app/1.4.2", "password": "connect to postgres://app:hunter2@db/app failed", "token": "the token is expired"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}
