package pglog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// Secrets that are planted in messages, fields, errors, contexts and attributes reach no sink: not the console, neither file, not
// the database nor what waits for it on disk, and no core of others.
func TestPlantedSecretsReachNoSink(t *testing.T) {
	t.Parallel()
	const planted = "Zq7hunter2xW"
	for name, down := range map[string]bool{"database is there": false, "database is away": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbURL, dir := sharedURL(t), t.TempDir()
			sinkURL := dbURL
			if down {
				sinkURL = "postgres://127.0.0.1:1/none"
			}
			sink := open(t, sinkURL, pglog.Config{SpillDir: filepath.Join(dir, "spill"), Level: "DEBUG"})
			var console, other bytes.Buffer
			core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&other), zapcore.DebugLevel)
			logs, err := logging.New(logging.Config{
				Level: "DEBUG", Dir: dir, Console: logging.Console{Writer: &console, Level: "DEBUG"}, File: logging.File{Level: "DEBUG"},
				Sinks: []logging.Sink{sink}, Cores: []zapcore.Core{core}, Fallback: &console,
			})
			require.NoError(t, err)
			records := plant(logs, planted)
			synced(t, sink)
			ctx, cancel := context.WithTimeout(context.Background(), hang)
			defer cancel()
			require.NoError(t, logs.Close(ctx))

			seen := map[string]string{"console": console.String(), "another core": other.String()}
			require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					var content []byte
					content, err = os.ReadFile(path)
					seen[filepath.Base(path)] = string(content)
				}
				return err
			}))
			spilled := ""
			for file, content := range seen {
				if filepath.Ext(file) != ".log" && file != "console" && file != "another core" {
					spilled += content
				}
			}
			if down {
				seen["spill"] = spilled
			} else {
				rows, err := connect(t, dbURL).Query(t.Context(), "select l::text from application_logs l union all select e::text from application_logs_errors e")
				require.NoError(t, err)
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				require.NoError(t, err)
				require.GreaterOrEqual(t, len(lines), records)
				seen["database"] = strings.Join(lines, "\n")
			}
			for file, content := range seen {
				require.NotContains(t, content, planted, file)
			}
			for _, file := range []string{"console", "another core", "application.log", "error.log", map[bool]string{true: "spill", false: "database"}[down]} {
				require.Contains(t, seen[file], "[redacted]", file)
			}
		})
	}
}

// plant logs a secret in every way there is and returns in how many records.
func plant(logs *logging.Logs, s string) int {
	log, sl := logs.Named("app"), logs.Slog("app")
	text, dsn := "connect with password="+s+" failed", "postgres://app:"+s+"@db/app"
	ctx := logging.With(context.Background(), zap.String("api_key", s), logging.UserID("u"), zap.String("note", text))
	type account struct{ Name, Password string }
	log.Info(text)
	log.Debug("dial " + dsn)
	log.Info("fields", zap.String("password", s), zap.String("note", text), zap.Any("account", account{"ann", s}), zap.Any("map", map[string]any{"token": s}),
		zap.ByteString("body", fmt.Appendf(nil, `{"client_secret":%q}`, s)), zap.Strings("args", []string{"--password", s}), zap.Any("header", http.Header{"Authorization": {"Bearer " + s}}),
		zap.Stringer("url", &url.URL{Scheme: "https", Host: "h", User: url.UserPassword("u", s)}), zap.Dict("d", zap.String("secret", s)))
	log.Error("failed", zap.Error(errors.New("dsn "+dsn+" is wrong")), zap.NamedError("cause", fmt.Errorf("wrapped: %w", errors.New(text))))
	log.With(zap.String("password", s), zap.Namespace("http"), zap.String("token", s)).Error("with", zap.String("note", text))
	log.Warn("in a context", logging.Ctx(ctx))
	logging.For(ctx, log).Error("for a context")
	sl.Error("slog "+text, "password", s, slog.Group("g", "secret", s, "note", text), "err", errors.New(dsn))
	sl.With("token", s).WithGroup("g").InfoContext(ctx, "slog with", "note", text)
	log.DPanic("critical "+text, zap.Any("err", errors.New(text)))
	log.Named("password=" + s).Info("by a name")
	logs.Slog("token=" + s + "1aB").Info("by a name")
	return 12
}
