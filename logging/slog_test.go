package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging"
)

// onlyConsole is a configuration whose records go to w as JSON.
func onlyConsole(w *bytes.Buffer) logging.Config {
	return logging.Config{
		Level:   "DEBUG",
		Console: logging.Console{Level: "DEBUG", Structured: true, Writer: w},
		File:    logging.File{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
		Fallback: w,
	}
}

func newLogs(t *testing.T, c logging.Config) *logging.Logs {
	t.Helper()
	l, err := logging.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	return l
}

func TestSlogConformance(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		t.Helper()
		b.Reset()
		return newLogs(t, onlyConsole(&b)).Handler("")
	}, func(t *testing.T) map[string]any {
		t.Helper()
		var got map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &got), "%s", b.String())
		flat := map[string]any{}
		if extra, ok := got["extra_data"].(map[string]any); ok {
			maps.Copy(flat, extra)
		}
		for theirs, ours := range map[string]string{slog.TimeKey: "timestamp", slog.LevelKey: "level", slog.MessageKey: "message"} {
			if v, ok := got[ours]; ok {
				flat[theirs] = v
			}
		}
		return flat
	})
}
