package pglog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/pglog"
)

// A record of a file of the spill is a dead letter once, even if the database cannot be told so at first.
func TestDeadLetterIsWrittenOnce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, rules+`; create table obstacle ();
		create function obstruct() returns trigger language plpgsql as $$ begin
			if new.rows = 0 and to_regclass('obstacle') is not null then raise exception 'not now' using errcode = '57000'; end if; return new; end $$;
		create trigger obstruct before insert on application_logs_batches for each row execute function obstruct()`)
	dir := t.TempDir()
	s := open(t, url, pglog.Config{SpillDir: dir, Durable: true})
	for n := range 10 {
		r := numbered(n, zapcore.InfoLevel)
		if n == 5 {
			r.Message = "forbidden"
		}
		require.NoError(t, s.Write(r))
	}
	eventually(t, "the sink has tried it again and again", func() bool { return s.Stats().Retries > 3 })
	execute(t, url, "drop table obstacle")
	eventually(t, "all is stored", func() bool { return s.Stats().Stored == 9 })
	closed(t, s)
	require.Equal(t, int64(1), s.Stats().Dead)
	letters, err := os.ReadFile(filepath.Join(dir, "dead.jsonl"))
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(letters, []byte("\n")))
}

// A file of dead letters that cannot be written does not stand in the way of other records for ever: the refused one is counted
// as lost then.
func TestDeadLettersCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		url := sharedURL(t)
		require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
		execute(t, url, rules)
		var told complaints
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
		s := open(t, url, pglog.Config{SpillDir: dir, Durable: durable, DeadLetter: filepath.Join(dir, "file", "dead.jsonl"), OnError: told.add, RetryMax: 10 * time.Millisecond})
		for n := range 10 {
			r := numbered(n, zapcore.InfoLevel)
			if n == 5 {
				r.Message = "forbidden"
			}
			require.NoError(t, s.Write(r))
		}
		eventually(t, "the others are stored", func() bool { return s.Stats().Stored == 9 })
		closed(t, s)
		require.Zero(t, s.Stats().Dead)
		require.Equal(t, map[string]int64{"dead_letter INFO": 1}, s.Stats().DroppedBy)
		require.Contains(t, told.list()[0], "dead letters")
	}
}

// The directory of the file is made if need be.
func TestDirectoryOfDeadLetters(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, rules)
	path := filepath.Join(t.TempDir(), "a", "b", "dead.jsonl")
	s := open(t, url, pglog.Config{DeadLetter: path})
	for n := range 2 {
		r := numbered(n, zapcore.InfoLevel)
		r.Message = "forbidden"
		require.NoError(t, s.Write(r))
		eventually(t, "it is a dead letter", func() bool { return s.Stats().Dead == int64(n+1) })
		require.FileExists(t, path)
		require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(path))))
	}
}
