package pgxmon_test

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, cfg := range []pgxmon.Config{{}, {SlowQuery: -1, LogInterval: -1, LogLength: 1024, MaxNames: 1000, Names: true}} {
		require.NoError(t, cfg.Validate())
	}
	_, err := pgxmon.New(nil, pgxmon.Config{SlowQuery: -2, LogInterval: -time.Second, LogLength: 1025, MaxNames: -1})
	require.EqualError(t, err, `pgxmon: invalid configuration:
the collector is nil: metrics.Discard{} forgets what it is given
SlowQuery is -2ns: must be positive, -1 for none, or 0 for 1s
LogInterval is -1s: must be positive, -1 for never, or 0 for 1m0s
LogLength is 1025: must be between 1 and 1024, or 0 for 100
MaxNames is -1: must be between 1 and 1000, or 0 for 100`)
	_, err = pgxmon.New(metrics.Discard{}, pgxmon.Config{LogLength: -1})
	require.Error(t, err)
}

func TestPoolConfig(t *testing.T) {
	t.Parallel()
	_, err := pgxmon.NewPoolSampler(nil, "", nil, pgxmon.PoolConfig{Interval: time.Millisecond, Size: -1})
	require.EqualError(t, err, `pgxmon: invalid configuration:
the collector is nil: metrics.Discard{} forgets what it is given
the name is empty: pools are told apart by it
stat is nil: must be the Stat method of a pool
Interval is 1ms: must be at least 100ms, or 0 for 10s
Size is -1: must be at least 0`)
	_, err = pgxmon.NewPoolSampler(metrics.Discard{}, "a", func() *pgxpool.Stat { return nil }, pgxmon.PoolConfig{})
	require.NoError(t, err)
}

// Not parallel: the default logger is everybody's.
func TestDefaultLogger(t *testing.T) {
	was := slog.Default()
	defer slog.SetDefault(was)
	var buf bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		tracer, err := pgxmon.New(metrics.Discard{}, pgxmon.Config{})
		require.NoError(t, err)
		slog.SetDefault(slog.New(slog.NewTextHandler(&buf, nil))) // it is asked for when there is something to say
		takes(tracer, "select 1", time.Minute, nil)
	})
	require.Contains(t, buf.String(), "a query is slow")
}
