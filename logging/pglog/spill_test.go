package pglog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// nowhere is where no database listens.
const nowhere = "postgres://nobody@127.0.0.1:1/none?sslmode=disable"

func someRecords(n int) []logging.Record {
	records := make([]logging.Record, n)
	for i := range records {
		records[i] = *numbered(i, zapcore.InfoLevel)
	}
	return records
}

func TestSegmentRoundTrip(t *testing.T) {
	t.Parallel()
	records := someRecords(50)
	records[7] = logging.Record{
		Time: time.Unix(-5, 7), Level: zapcore.FatalLevel, Logger: "l", Message: "m\x00\xff", Module: "mod", Function: "f", Line: -3,
		Error: "e", Stack: "s", UserID: "u", RequestID: "r", IP: "i", TraceID: "t", SpanID: "sp", Release: "v", Fingerprint: "fp", Extra: []byte(`"a":1`),
	}
	records[8] = logging.Record{}
	for _, batch := range []int{0, 20, 50} {
		path, err := pglog.WriteSegment(t.TempDir(), records, batch)
		require.NoError(t, err)
		got, corrupt, torn, err := pglog.ReadSegment(path, 7)
		require.NoError(t, err)
		require.Zero(t, corrupt)
		require.False(t, torn)
		require.Len(t, got, len(records))
		for i := range records {
			require.True(t, records[i].Time.Equal(got[i].Time))
			want := records[i]
			want.Time, got[i].Time = time.Time{}, time.Time{}
			if len(want.Extra) == 0 {
				want.Extra, got[i].Extra = nil, nil
			}
			require.Equal(t, want, got[i])
		}
	}
}

// A file that ends anywhere gives all that is whole, and any flipped bit costs one record, and is noticed.
func TestTornAndFlipped(t *testing.T) {
	t.Parallel()
	path, err := pglog.WriteSegment(t.TempDir(), someRecords(30), 10)
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	dir := t.TempDir()
	last := 0
	for end := 24; end <= len(whole); end++ {
		file := filepath.Join(dir, "torn")
		require.NoError(t, os.WriteFile(file, whole[:end], 0o600))
		got, corrupt, _, err := pglog.ReadSegment(file, 1000)
		require.NoError(t, err)
		require.Zero(t, corrupt, end)
		require.GreaterOrEqual(t, len(got), last)
		last = len(got)
		for i := range got {
			require.Equal(t, fmt.Sprintf("number %d", i), got[i].Message)
		}
	}
	require.Equal(t, 30, last)
	for range 2000 {
		broken := append([]byte(nil), whole...)
		at := 24 + rand.IntN(len(whole)-24)
		broken[at] ^= 1 << rand.IntN(8)
		file := filepath.Join(dir, "flipped")
		require.NoError(t, os.WriteFile(file, broken, 0o600))
		got, corrupt, torn, err := pglog.ReadSegment(file, 1000)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(got), 29, at)
		require.True(t, corrupt == 1 || torn, "at %d: %d damaged places", at, corrupt)
	}
}

func FuzzSegment(f *testing.F) {
	path, err := pglog.WriteSegment(f.TempDir(), someRecords(5), 2)
	require.NoError(f, err)
	whole, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(whole[24:], 3)
	f.Add([]byte{}, 1)
	f.Fuzz(func(t *testing.T, tail []byte, maxRows int) {
		file := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(file, append(append([]byte(nil), whole[:24]...), tail...), 0o600))
		_, _, _, err := pglog.ReadSegment(file, max(maxRows&0xff, 1)) // which panics when it makes no progress
		require.NoError(t, err)
	})
}

// A damaged file costs what is damaged; a file that is none of ours is reported and left alone.
func TestDamagedFilesAreReplayed(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	path, err := pglog.WriteSegment(dir, someRecords(100), 30)
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	whole[len(whole)/2] ^= 0x40
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-3], 0o600))
	var told complaints
	s := open(t, url, pglog.Config{SpillDir: dir, OnError: told.add})
	eventually(t, "the file is replayed", func() bool { return s.Stats().Replayed == 98 && s.Stats().SpillFiles == 0 })
	closed(t, s)
	require.Equal(t, int64(98), query[int64](t, url, "select count(distinct extra_data->>'n') from application_logs"))
	st := s.Stats()
	require.Equal(t, []int64{98, 98, 1, 1}, []int64{st.Stored, st.Replayed, st.Corrupt, st.Torn})
	require.Contains(t, told.list()[0], "damaged in 1 places")
	require.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(path, []byte("something else that is long enough"), 0o600))
	_, err = pglog.Open(t.Context(), pglog.Config{URL: pglog.NewSecret(url), SpillDir: dir})
	require.ErrorContains(t, err, "is not a file of the spill")
}

// A file that comes back after it was stored, as after a loss of power, is not stored again; nor is one of which a part was.
func TestStoredFilesComeBack(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	path, err := pglog.WriteSegment(dir, someRecords(100), 30)
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for range 3 {
		s := open(t, url, pglog.Config{SpillDir: dir, BatchRows: 40})
		eventually(t, "the file is gone", func() bool { return s.Stats().SpillFiles == 0 })
		closed(t, s)
		once(t, url, "application_logs", 100)
		require.NoError(t, os.WriteFile(path, whole, 0o600))
	}
	execute(t, url, "truncate application_logs; delete from application_logs_batches where position = 0; update application_logs_batches set position = 24")
	s := open(t, url, pglog.Config{SpillDir: dir, BatchRows: 40})
	eventually(t, "the file is gone", func() bool { return s.Stats().SpillFiles == 0 })
	closed(t, s)
	once(t, url, "application_logs", 100)
}

// Two sinks in one process, or two processes, share a directory without touching each other's files.
func TestDirectoryIsShared(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	first := open(t, nowhere, pglog.Config{SpillDir: dir})
	for n := range 50 {
		require.NoError(t, first.Write(numbered(n, zapcore.InfoLevel)))
	}
	synced(t, first)
	second := open(t, url, pglog.Config{SpillDir: dir})
	require.NoError(t, second.Write(numbered(50, zapcore.InfoLevel)))
	closed(t, second)
	require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs"))
	other := open(t, url, pglog.Config{SpillDir: dir, Table: "other"})
	closed(t, first)
	third := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "the files of the first are stored", func() bool { return third.Stats().SpillFiles == 0 })
	closed(t, third)
	closed(t, other)
	once(t, url, "application_logs", 51)
}

// When the spill is full the lowest level gives way first, and what was dropped is told in one line.
func TestSpillIsFull(t *testing.T) {
	t.Parallel()
	var told complaints
	dir := t.TempDir()
	s := open(t, nowhere, pglog.Config{SpillDir: dir, SpillBytes: 100_000, SegmentBytes: 4096, OnError: told.add, ReportEvery: 20 * time.Millisecond})
	write := func(n int, level zapcore.Level) {
		for i := range n {
			require.NoError(t, s.Write(numbered(i, level)))
			if i%500 == 0 {
				synced(t, s)
			}
		}
		synced(t, s)
	}
	write(3000, zapcore.DebugLevel)
	require.InDelta(t, 60_000, s.Stats().SpillBytes, 1000)
	write(3000, zapcore.InfoLevel)
	require.InDelta(t, 70_000, s.Stats().SpillBytes, 1000)
	write(10, zapcore.ErrorLevel)
	st := s.Stats()
	require.Positive(t, st.DroppedBy["spill_full DEBUG"])
	require.Positive(t, st.DroppedBy["spill_full INFO"])
	require.Zero(t, st.DroppedBy["spill_full ERROR"])
	require.Equal(t, st.Accepted, st.Spilled+st.Dropped)
	eventually(t, "a line says so", func() bool {
		for _, line := range told.list() {
			if len(line) > 6 && line[len(line)-1] == ')' && strings.HasPrefix(line, "logging/pglog: ") {
				return true
			}
		}
		return false
	})
	closed(t, s)
}

// When the disk is full records stay in memory, are dropped when that is full, too, and go on when there is room.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("a small disk needs root")
	}
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	srv := server(t)
	url := srv.URL("postgres")
	require.NoError(t, srv.Stop(t.Context()))
	var told complaints
	s := open(t, url, pglog.Config{SpillDir: dir, QueueEntries: 1000, BatchRows: 100, SegmentBytes: 64 << 10, OnError: told.add})
	n := 0
	for ; s.Stats().Dropped == 0; n++ {
		_ = s.Write(numbered(n, zapcore.InfoLevel))
		if n%100 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	require.Contains(t, fmt.Sprint(told.list()), "no space left")
	require.NoError(t, srv.Start(t.Context()))
	eventually(t, "all is stored", func() bool { st := s.Stats(); return st.SpillFiles == 0 && st.Queued == 0 })
	closed(t, s)
	st := s.Stats()
	require.Equal(t, st.Accepted-st.Dropped+dropsOfNew(n, st), query[int64](t, url, "select count(*) from application_logs"))
	require.Equal(t, query[int64](t, url, "select count(*) from application_logs"), query[int64](t, url, "select count(distinct extra_data->>'n') from application_logs"))
	require.Zero(t, st.Corrupt+st.Torn)
}

// dropsOfNew returns how many of the dropped records were never accepted.
func dropsOfNew(written int, st pglog.Stats) int64 { return int64(written) - st.Accepted }

// With Durable a record is on disk when Write returns, whatever happens then.
func TestDurable(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{0, 1, -1} {
		dir := t.TempDir()
		s := open(t, nowhere, pglog.Config{SpillDir: dir, Durable: true, FsyncInterval: interval})
		require.NoError(t, s.Write(numbered(0, zapcore.InfoLevel)))
		files, err := filepath.Glob(filepath.Join(dir, "*.spill"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		got, _, _, err := pglog.ReadSegment(files[0], 10)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.NoError(t, s.Write(numbered(1, zapcore.FatalLevel)))
		synced(t, s)
		closed(t, s)
		require.ErrorIs(t, s.Write(numbered(2, zapcore.InfoLevel)), pglog.ErrClosed)
	}
}
