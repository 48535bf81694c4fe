package pglog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// spills returns the files of the spill in a directory.
func spills(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.spill"))
	require.NoError(t, err)
	return files
}

// viaProxy returns a proxy in front of the shared server, and the URL of a database there that leads through it.
func viaProxy(t *testing.T, url string) (*faultproxy.Proxy, string) {
	t.Helper()
	proxy, err := faultproxy.Listen(t.Context(), shared.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = proxy.Close() })
	return proxy, shared.URLVia(proxy.Addr(), databaseOf(url))
}

// older writes a file of a dead process, older than those of now, with the records of some numbers.
func older(t *testing.T, dir string, records []logging.Record) {
	t.Helper()
	elsewhere := t.TempDir()
	path, err := pglog.WriteSegment(elsewhere, records, 0)
	require.NoError(t, err)
	name := filepath.Base(path) // pglog-<table>-<time>-<id>.spill
	require.NoError(t, os.Rename(path, filepath.Join(dir, name[:len("pglog-0123456789abcdef-")]+fmt.Sprintf("%016x", 1)+name[len("pglog-0123456789abcdef-0123456789abcdef"):])))
}

// A file that is adopted while a newer one is being stored comes before it in the list, and neither is lost from it.
func TestOlderFileIsAdoptedMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, record := range someRecords(2) {
		_, err := pglog.WriteSegment(dir, []logging.Record{record}, 0)
		require.NoError(t, err)
	}
	files, size, err := pglog.StoreWhileAdopting(dir, func() { older(t, dir, someRecords(1)) })
	require.NoError(t, err)
	require.Equal(t, spills(t, dir), files, "what is there is what is known")
	require.Len(t, files, 2)
	total := int64(0)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		total += info.Size()
	}
	require.Equal(t, total, size)
}

// Thousands of files, of a program that could not be started again and again, do not use up what a process may open.
func TestManyFilesOfDeadProcesses(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	const n = 150
	for _, record := range someRecords(n) {
		_, err := pglog.WriteSegment(dir, []logging.Record{record}, 0)
		require.NoError(t, err)
	}
	s := open(t, nowhere, pglog.Config{SpillDir: dir})
	require.LessOrEqual(t, s.Stats().SpillFiles, 64)
	closed(t, s)
	require.Len(t, spills(t, dir), n)
	s = open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "all are stored", func() bool { return s.Stats().Stored == n && s.Stats().SpillFiles == 0 })
	closed(t, s)
	require.Empty(t, spills(t, dir))
	once(t, url, "application_logs", n)
}

// After a loss of power there may be the name of a file, and zeros in place of what was written. The program starts, and stores
// what is whole.
func TestZerosAfterALossOfPower(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	path, err := pglog.WriteSegment(dir, someRecords(100), 30)
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	clear(whole[:60]) // the header, and the first record
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	other, err := pglog.WriteSegment(dir, someRecords(3), 0)
	require.NoError(t, err)
	info, err := os.Stat(other)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(other, make([]byte, info.Size()), 0o600))
	s := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "the files are gone", func() bool { return s.Stats().SpillFiles == 0 })
	closed(t, s)
	require.Empty(t, spills(t, dir))
	require.Equal(t, int64(99), query[int64](t, url, "select count(distinct extra_data->>'n') from application_logs"))
	require.Equal(t, []int64{99, 1, 1}, []int64{s.Stats().Stored, s.Stats().Corrupt, s.Stats().Torn})
}

// A file that cannot be read does not keep others from their turn, and is there for the next process.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	_, err := pglog.WriteSegment(dir, someRecords(10), 0)
	require.NoError(t, err)
	proxy, proxied := viaProxy(t, url)
	proxy.Refuse()
	var told complaints
	s := open(t, proxied, pglog.Config{SpillDir: dir, OnError: told.add})
	pglog.BreakSpill(s)
	require.NoError(t, proxy.Accept())
	write(t, s, 10, 10)
	eventually(t, "the others are stored", func() bool { st := s.Stats(); return st.Stored == 10 && st.Down == 0 })
	closed(t, s)
	require.Contains(t, fmt.Sprint(told.list()), "cannot be read")
	require.Len(t, spills(t, dir), 1)
	s = open(t, url, pglog.Config{SpillDir: dir})
	allStored(t, s, 10)
	closed(t, s)
	once(t, url, "application_logs", 20)
}

// Somebody removes the directory, or only the files, while the program runs.
func TestDirectoryIsRemoved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files that are open cannot be removed there")
	}
	url := sharedURL(t)
	proxy, proxied := viaProxy(t, url)
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, proxied, pglog.Config{SpillDir: dir})
	write(t, s, 0, 10)
	allStored(t, s, 10)
	require.NoError(t, os.RemoveAll(filepath.Dir(dir)))
	proxy.Refuse()
	proxy.Reset()
	write(t, s, 10, 10)
	synced(t, s)
	require.Len(t, spills(t, dir), 1)
	require.NoError(t, os.RemoveAll(filepath.Dir(dir)))
	write(t, s, 20, 10)
	synced(t, s)
	require.NoError(t, proxy.Accept())
	allStored(t, s, 30)
	closed(t, s)
	once(t, url, "application_logs", 30)
}

// With Durable the ledger has a row for each file, not for each batch, and the file goes when the sink does.
func TestLedgerOfDurable(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	s := open(t, url, pglog.Config{SpillDir: dir, Durable: true, BatchInterval: time.Millisecond})
	for n := range 20 {
		require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
		allStored(t, s, n+1)
		require.Zero(t, s.Stats().SpillBytes)
		require.Zero(t, s.Stats().OldestUnsent)
	}
	require.Len(t, spills(t, dir), 1)
	require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs_batches"))
	closed(t, s)
	require.Empty(t, spills(t, dir))
	once(t, url, "application_logs", 20)

	// A small spill is not filled up by what is stored.
	s = open(t, url, pglog.Config{SpillDir: dir, Durable: true, BatchInterval: time.Millisecond, SpillBytes: 20_000})
	for n := range 300 {
		require.NoError(t, s.Write(numbered(20+n, zapcore.DebugLevel)))
		if n%10 == 0 {
			eventually(t, "all is stored", func() bool { return s.Stats().SpillFiles == 0 })
		}
	}
	closed(t, s)
	require.Equal(t, int64(300), s.Stats().Spilled)
	once(t, url, "application_logs", 320)
}

// The ledger is pruned also where the schema is left to others.
func TestLedgerIsPruned(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		url := sharedURL(t)
		require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
		execute(t, url, "insert into application_logs_batches (id, committed_at) select gen_random_uuid(), now() - n * interval '1 day' from generate_series(28, 33) n")
		s := open(t, url, pglog.Config{KeepSchema: keep, MaintainEvery: 10 * time.Millisecond})
		eventually(t, "old ones are gone", func() bool { return query[int64](t, url, "select count(*) from application_logs_batches") == 2 })
		closed(t, s)
	}
}

// A directory in which nothing can be written is noticed at the start, not in the first outage.
func TestDirectoryIsReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Getuid() == 0 {
		require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, ""))
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	} else {
		require.NoError(t, os.Chmod(dir, 0o500))
	}
	_, err := pglog.Open(t.Context(), pglog.Config{URL: pglog.NewSecret(nowhere), SpillDir: dir})
	require.ErrorContains(t, err, "SpillDir")
}
