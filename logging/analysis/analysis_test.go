package analysis_test

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/analysis/analysistest"
	"github.com/prodwright/prodwright/logging/rotate"
)

// of yields a list.
func of(list []logging.Record) analysis.Records {
	return func(context.Context, time.Time, zapcore.Level) iter.Seq2[logging.Record, error] {
		return func(yield func(logging.Record, error) bool) {
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// written returns what reads files of the records, small ones, most of them compressed.
func written(t *testing.T, records []logging.Record, skipped func(error)) analysis.Records {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.log")
	f, err := rotate.Open(path, rotate.Config{MaxBytes: 64 << 10, Backups: -1, Codec: rotate.Gzip{}})
	require.NoError(t, err)
	for i := range records {
		_, err := f.Write(append(records[i].AppendJSON(nil), '\n'))
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	return analysis.Files(path, skipped)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	analysistest.TestAnalyzer(t, func(t *testing.T, records []logging.Record) analysis.Analyzer {
		t.Helper()
		return written(t, records, func(err error) { t.Error(err) })
	})
}

// Lines that are torn, are of others or are no JSON are told and left out.
func TestLinesThatAreNoRecords(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	now := time.Now().UTC()
	good := logging.Record{Time: now.Add(-time.Minute), Level: zapcore.ErrorLevel, Message: "good"}
	lines := "{\"timestamp\":\"20\n" + string(good.AppendJSON(nil)) + "\nplain text\n\n{}\n" + `{"level":"error","message":"late","timestamp":"` + now.Add(-time.Second).Format(time.RFC3339Nano) + `"}`
	require.NoError(t, os.WriteFile(path, []byte(lines), 0o600))
	var skipped []error
	a := analysis.Files(path, func(err error) { skipped = append(skipped, err) })
	counts, err := a.ErrorSummary(t.Context(), analysis.Query{})
	require.NoError(t, err)
	require.Equal(t, []analysis.LevelCount{{Level: "ERROR", Count: 2}}, counts)
	require.Len(t, skipped, 3)
	counts, err = analysis.Files(path, nil).ErrorSummary(t.Context(), analysis.Query{})
	require.NoError(t, err)
	require.Len(t, counts, 1)
	_, err = analysis.Files(path+"x", nil).ErrorSummary(t.Context(), analysis.Query{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "app.logx")
}

func TestQueriesThatAreNone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, err := analysis.Query{Since: now, Until: now.Add(-time.Second), Limit: -7}.Complete(now, 1)
	require.ErrorContains(t, err, "Limit is -7")
	require.ErrorContains(t, err, "Until is ", "all at once")
	q, err := analysis.Query{}.Complete(now, 7)
	require.NoError(t, err)
	require.Equal(t, now.Truncate(time.Microsecond), q.Until)
	require.Equal(t, 24*time.Hour, q.Until.Sub(q.Since))
	require.Equal(t, 7, q.Limit)
	_, err = q.Steps(time.Second)
	require.ErrorContains(t, err, "use a longer step")
	before := analysis.Query{Since: time.Unix(-7201, 0), Until: time.Unix(0, 0)}
	steps, err := before.Steps(time.Hour)
	require.NoError(t, err)
	require.Equal(t, analysis.Steps{First: -3, Count: 3, Step: time.Hour}, steps, "before 1970, too")
	require.Equal(t, time.Unix(-10800, 0).UTC(), steps.Start(steps.First))
}

func TestRecords(t *testing.T) {
	t.Parallel()
	analysistest.TestAnalyzer(t, func(_ *testing.T, records []logging.Record) analysis.Analyzer { return of(records) })
}
