package pglog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/logging/pglog"
)

func TestConfigOfTheEnvironment(t *testing.T) {
	t.Parallel()
	load := func(env ...string) (pglog.Config, error) {
		return envcfg.Load[pglog.Config](envcfg.Options{Environ: append([]string{"X=1"}, env...)})
	}
	cfg, err := load()
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	require.False(t, cfg.Enabled)
	require.Equal(t, "application_logs", cfg.Table)
	require.Equal(t, "WARNING", cfg.Level)
	require.Equal(t, -1, cfg.RetentionDays, "nothing is deleted unless asked for")
	zero := fmt.Sprintf("%+v", pglog.Defaults(pglog.Config{}))
	require.Equal(t, zero, fmt.Sprintf("%+v", pglog.Defaults(cfg)), "defaults of tags and of the zero value")

	cfg, err = load("LOG_DB_ENABLED=true", "LOG_DB_URL=postgres://u:hunter2@h/d", "LOG_DB_TABLE=s.t", "LOG_DB_LEVEL=info", "LOG_DB_POLICY=block",
		"LOG_DB_FSYNC_INTERVAL=off", "LOG_DB_QUEUE_BYTES=1MiB", "LOG_DB_IGNORE=db, pgx", "LOG_DB_RETENTION_DAYS=30")
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	require.Equal(t, pglog.Block, cfg.Policy)
	require.Equal(t, time.Duration(-1), cfg.FsyncInterval)
	require.Equal(t, 1<<20, cfg.QueueBytes)
	require.Equal(t, []string{"db", "pgx"}, cfg.Ignore)
	require.Equal(t, "postgres://u:hunter2@h/d", cfg.URL.Reveal())
	_, err = load("LOG_DB_POLICY=often", "LOG_DB_LEVEL=loud")
	require.ErrorContains(t, err, "LOG_DB_POLICY")
	_, err = load("LOG_DB_LEVEL=loud", "LOG_DB_BATCH_ROWS=-3")
	require.ErrorContains(t, err, "LOG_DB_LEVEL")
	require.ErrorContains(t, err, "LOG_DB_BATCH_ROWS")
}

func TestValidateNamesEverything(t *testing.T) {
	t.Parallel()
	err := pglog.Config{
		Table: "a.b.c", Level: "loud", QueueEntries: -1, QueueBytes: -1, BatchRows: -1, BatchBytes: -5, BatchInterval: -1, Policy: 9, BlockTimeout: -1,
		FlushTimeout: -2, SendTimeout: -1, RetryMax: -1, SpillBytes: -2, SegmentBytes: 1, FsyncInterval: -2, Durable: true, RetentionDays: -2,
		PartitionsAhead: 1000, MaintainEvery: -3, MaintainTimeout: -1, LockTimeout: -1, ReportEvery: -1,
	}.Validate()
	for _, field := range []string{
		"Table", "Level", "QueueEntries", "QueueBytes", "BatchRows", "BatchBytes", "BatchInterval", "Policy", "BlockTimeout", "FlushTimeout", "SendTimeout",
		"RetryMax", "SpillBytes", "SegmentBytes", "FsyncInterval", "Durable", "RetentionDays", "PartitionsAhead", "MaintainEvery", "MaintainTimeout",
		"LockTimeout", "ReportEvery",
	} {
		require.Equal(t, 1, strings.Count("\n"+err.Error(), "\n"+field+" is "), field)
	}
	_, err = pglog.Open(t.Context(), pglog.Config{URL: pglog.NewSecret(nowhere), BatchRows: -1})
	require.ErrorContains(t, err, "BatchRows")
	_, err = pglog.New(nil, pglog.Config{Level: "loud"})
	require.ErrorContains(t, err, "Level")
}

// The URL appears nowhere.
func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	cfg := pglog.Config{URL: pglog.NewSecret("postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable")}
	encoded, err := json.Marshal(cfg)
	require.NoError(t, err)
	s, err := pglog.Open(t.Context(), cfg)
	require.NoError(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = s.Close(ctx)
	}()
	_ = s.Write(numbered(0, 1))
	eventually(t, "an attempt fails", func() bool { return s.Stats().LastError != "" })
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d", cfg, cfg, cfg, cfg.URL, cfg.URL, cfg.URL, cfg.URL) + string(encoded) + fmt.Sprint(cfg.URL.LogValue()) +
		fmt.Sprintf("%v %+v %s", s, s, s) + s.Stats().LastError
	for _, bad := range []string{"postgres://u:hunter2@h/%zz", "postgres://u:hunter2@h:port/", "hunter2", "host=h password=hunter2 port=x"} {
		_, err := pglog.Open(t.Context(), pglog.Config{URL: pglog.NewSecret(bad)})
		require.ErrorContains(t, err, "not a valid")
		all += err.Error()
	}
	require.NotContains(t, all, "hunter2")
	require.Contains(t, all, "[redacted]")
	_, err = pglog.Open(t.Context(), pglog.Config{})
	require.ErrorContains(t, err, "LOG_DB_URL")
	require.True(t, pglog.NewSecret("").IsZero())
	require.Empty(t, pglog.Secret{}.String()+pglog.Secret{}.Reveal())
	var secret pglog.Secret
	require.NoError(t, secret.UnmarshalText([]byte("x")))
	require.Equal(t, "x", secret.Reveal())
}

func TestPolicyAsText(t *testing.T) {
	t.Parallel()
	for _, p := range []pglog.Policy{pglog.Spill, pglog.Drop, pglog.Block} {
		text, err := p.MarshalText()
		require.NoError(t, err)
		var again pglog.Policy
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, p, again)
	}
	require.Equal(t, "Policy(7)", pglog.Policy(7).String())
}
