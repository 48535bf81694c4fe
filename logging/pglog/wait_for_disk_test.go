package pglog_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/logging/pglog"
)

// A server that does not wait for its disk is killed after it confirmed what it has not written. The sink has it wait.
func TestServerThatDoesNotWaitForItsDisk(t *testing.T) {
	t.Parallel()
	srv := pgtest.New(t, pgtest.Config{Parameters: map[string]string{"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}})
	url := srv.URL("postgres")
	s := open(t, url, pglog.Config{SpillDir: t.TempDir()})
	n := 0
	for range 4 {
		for range 50 {
			require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
			n++
		}
		eventually(t, "all is confirmed", func() bool { return s.Stats().Stored == int64(n) })
		require.NoError(t, srv.Kill())
		require.NoError(t, srv.Start(t.Context()))
		require.Equal(t, int64(n), query[int64](t, url, "select count(*) from application_logs"), "rows after the kill")
	}
	closed(t, s)
	once(t, url, "application_logs", n)
}
