package analysistest_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/analysis/analysistest"
)

// open is an [analysistest.Open] of records in memory.
func open(_ *testing.T, records []logging.Record) analysis.Analyzer {
	return analysis.Records(func(context.Context, time.Time, zapcore.Level) iter.Seq2[logging.Record, error] {
		return func(yield func(logging.Record, error) bool) {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		}
	})
}

func TestOurs(t *testing.T) {
	t.Parallel()
	analysistest.TestAnalyzer(t, open)
}

func ExampleOpen() {
	var opens analysistest.Open = open
	levels, err := opens(nil, []logging.Record{{Time: time.Now().Add(-time.Second), Level: zapcore.ErrorLevel}}).ErrorSummary(context.Background(), analysis.Query{})
	fmt.Println(levels[0].Count, err)
	// Output: 1 <nil>
}
