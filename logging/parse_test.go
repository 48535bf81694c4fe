package logging_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

func TestARecordComesBackFromItsLine(t *testing.T) {
	t.Parallel()
	full := logging.Record{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Level: zapcore.ErrorLevel, Logger: "app.users", Message: "a \"b\"\n\x1b é",
		Module: "users/service.go", Function: "users.Get", Line: 12, Error: "no such user\nnor any other", Stack: "main.main\n\t/src/main.go:1\nruntime.main\n\t/go/proc.go:2",
		UserID: "u-1", RequestID: "req", IP: "10.0.0.1:443", TraceID: "aa", SpanID: "bb", Release: "v1", Fingerprint: "payment", Extra: []byte(`"k":"v\n","k":1.50`),
	}
	for name, want := range map[string]logging.Record{
		"everything":    full,
		"nothing":       {Level: zapcore.InfoLevel},
		"only a stack":  {Level: zapcore.ErrorLevel, Stack: "main.main\n\t/src/main.go:1 +0x1f"},
		"only an error": {Level: zapcore.WarnLevel, Error: "two errors:\n\t* one\n\t* two: 3"},
	} {
		got, err := logging.ParseRecord(want.AppendJSON(nil))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for level, want := range map[zapcore.Level]zapcore.Level{zapcore.FatalLevel: zapcore.DPanicLevel, zapcore.DebugLevel - 3: zapcore.DebugLevel} {
		got, err := logging.ParseRecord((&logging.Record{Level: level}).AppendJSON(nil))
		require.NoError(t, err)
		require.Equal(t, want, got.Level, "the name of the level is what is there")
	}
}

func TestWhatIsNoRecord(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		``, `{`, `[]`, `"hunter2"`, `{}`, `{"level":"hunter2"}`, `{"level":"OFF"}`, `{"level":"INFO","timestamp":"hunter2"}`, `{"level":"INFO","extra_data":["hunter2"]}`,
		`{"level":"INFO","message":"hunter2"}{"level":"INFO"}`, `{"level":"INFO","message":"hunter2`,
	} {
		_, err := logging.ParseRecord([]byte(line))
		require.ErrorContains(t, err, "logging: the line is no record", line)
		require.NotContains(t, err.Error(), "hunter2", line)
	}
	r, err := logging.ParseRecord([]byte(` {"level":"warn","unknown":{},"extra_data": { } } `))
	require.NoError(t, err)
	require.Equal(t, logging.Record{Level: zapcore.WarnLevel}, r)
}
