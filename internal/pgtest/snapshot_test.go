package pgtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// What happened after a snapshot is undone, with a standby as with its primary, however the servers are.
func TestSnapshotAndRestore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	primary := pgtest.New(t, pgtest.Config{})
	require.NoError(t, primary.Exec(ctx, "postgres", "create table t as select 1 as n"))
	standby, err := primary.Standby(ctx, pgtest.StandbyConfig{Name: "n1", Synchronous: true})
	require.NoError(t, err)
	require.ErrorContains(t, primary.Snapshot(ctx), "stopped")
	for _, s := range []*pgtest.Server{primary, standby} {
		require.NoError(t, s.Stop(ctx))
		require.NoError(t, s.Snapshot(ctx))
		require.NoError(t, s.Start(ctx))
	}
	require.NoError(t, primary.Exec(ctx, "postgres", "insert into t values (2)"))
	require.NoError(t, primary.Hang())
	require.NoError(t, standby.Promote(ctx))
	for _, s := range []*pgtest.Server{primary, standby} {
		text, err := os.ReadFile(filepath.Join(s.DataDir(), "postmaster.pid"))
		require.NoError(t, err)
		segment := strings.Fields(strings.Split(string(text), "\n")[6])[1]
		require.NoError(t, exec.CommandContext(ctx, "ipcs", "-m", "-i", segment).Run())
		require.NoError(t, s.Restore(ctx))
		out, err := exec.CommandContext(ctx, "ipcs", "-m").Output()
		require.NoError(t, err)
		require.NotContains(t, strings.Fields(string(out)), segment, "the shared memory of the one before is left behind")
	}
	require.True(t, query[bool](t, standby.URL("postgres"), "select pg_is_in_recovery()"))
	require.Equal(t, 1, query[int](t, primary.URL("postgres"), "select count(*) from t"))
	require.NoError(t, primary.Exec(ctx, "postgres", "insert into t values (3)"), "the standby acknowledges")
}

// The environment is that of the next start, and of that server alone.
func TestSetEnv(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Config{})
	s.SetEnv("PRODWRIGHT_MARK=here")
	has := func() bool {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(s.PID()) + "/environ")
		if err != nil {
			t.Skipf("nothing says what the environment is: %v", err)
		}
		return strings.Contains(string(text), "PRODWRIGHT_MARK=here")
	}
	require.False(t, has())
	require.NoError(t, s.Restart(t.Context()))
	require.True(t, has())
	s.SetEnv()
	require.NoError(t, s.Restart(t.Context()))
	require.False(t, has())
}
