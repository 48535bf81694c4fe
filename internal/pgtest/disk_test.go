package pgtest_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// A full disk refuses writes, loses nothing that was acknowledged, and the server goes on when there is room again.
func TestFillDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("a small disk needs root on Linux")
	}
	s := pgtest.New(t, pgtest.Config{DiskSize: 128 << 20, Durable: true, Parameters: map[string]string{"max_wal_size": "32MB", "min_wal_size": "32MB"}})
	ctx := t.Context()
	require.NoError(t, s.Exec(ctx, "postgres", "create table t as select 1 as n, repeat('x', 1000) as pad"))
	free, err := s.FillDisk(ctx)
	require.NoError(t, err)
	err = s.Exec(ctx, "postgres", "insert into t select n, repeat('y', 1000) from generate_series(1, 50000) n")
	require.Error(t, err) // 53100 for a data file; a write-ahead log that cannot grow stops the server
	require.NoError(t, free())
	require.NoError(t, s.Kill())
	require.NoError(t, s.Start(ctx))
	require.Equal(t, 1, query[int](t, s.URL("postgres"), "select count(*) from t"))
	require.NoError(t, s.Exec(ctx, "postgres", "insert into t values (2, '')"))

	_, err = pgtest.New(t, pgtest.Config{}).FillDisk(ctx)
	require.ErrorContains(t, err, "DiskSize")
}
