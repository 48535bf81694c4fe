package metrics_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// The report of a day is of a day, and beside it stands the day before.
func TestReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		queries, slow, cpu := r.Histogram("db.query.duration_seconds"), r.Counter("db_slow_queries"), r.Gauge("system_cpu_usage_ratio")
		time.Sleep(time.Millisecond)
		require.Empty(t, r.Report(24*time.Hour, metrics.ReportItem{Name: "no_such"}).Rows)
		for hour := range 49 {
			day := hour / 24
			cpu.Set(0.25 + 0.5*float64(day%2))
			for range 60 {
				queries.Observe(0.001 * float64(1+day))
				if day > 0 {
					slow.Inc()
				}
				time.Sleep(time.Minute)
			}
		}
		report := r.Report(24 * time.Hour)
		text := strings.Join(strings.Fields(report.String()), " ")
		for _, part := range []string{
			"the last 24h until 2000-01-03 01:00:00", "queries count 1440 1440 0 %", "avg 2.04ms 1.04ms +96 %", "p95 2ms 1ms +100 %",
			"max 3ms 2ms +50 %", "slow queries increase 1440 60 +2300 %", "max 75 % 75 % 0 %",
		} {
			require.Contains(t, text, part)
		}
		require.Contains(t, report.Markdown(), "| slow queries | increase | 1440 | 60 | +2300 % |\n")
		var back struct {
			Rows []struct {
				Title, Figure string
				Now, Before   *float64
			}
		}
		encoded, err := json.Marshal(report)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, "queries", back.Rows[0].Title)
		require.InDelta(t, 1440, *back.Rows[0].Now, 0)

		// Of a time before the start nothing is said.
		young := new(metrics.Registry)
		young.Counter("db_slow_queries").Inc()
		rows := young.Report(time.Hour).Rows
		require.Len(t, rows, 1)
		require.InDelta(t, 1, *rows[0].Now, 0)
		require.Nil(t, rows[0].Before)
		require.Contains(t, young.Report(time.Hour).String(), "slow queries  increase  1    -       -\n")
	})
}

func TestReportUnits(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	for name, value := range map[string]float64{"a_seconds": 90.4, "b_seconds": 0.0012345, "c_bytes": 5 << 20, "d_ratio": 0.1234, "e": 123456, "f_bytes": 17, "g_seconds": 0.0000004} {
		r.Gauge(name).Set(value)
	}
	var items []metrics.ReportItem
	for _, name := range []string{"a_seconds", "b_seconds", "c_bytes", "d_ratio", "e", "f_bytes", "g_seconds"} {
		items = append(items, metrics.ReportItem{Title: name, Name: name, Figures: []metrics.Aggregate{metrics.Latest}})
	}
	text := strings.Join(strings.Fields(r.Report(time.Minute, items...).String()), " ")
	for _, want := range []string{"a_seconds latest 1m30s", "b_seconds latest 1.23ms", "c_bytes latest 5 MiB", "d_ratio latest 12.3 %", "e latest 123456", "f_bytes latest 17 B", "g_seconds latest 400ns"} {
		require.Contains(t, text, want)
	}
}

// What goes on as before has not changed, whatever the steps are.
func TestReportOfAConstantRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		time.Sleep(time.Millisecond)
		for range 5 * 360 {
			r.Counter("c").Add(100)
			time.Sleep(10 * time.Second)
		}
		time.Sleep(3 * time.Second)
		for _, window := range []time.Duration{5 * time.Minute, 7 * time.Minute, 10 * time.Minute, 90 * time.Minute} {
			text := r.Report(window, metrics.ReportItem{Title: "c", Name: "c", Figures: []metrics.Aggregate{metrics.Increase}}).String()
			require.Regexp(t, ` [+-]?[0-2] %\n$`, text)
		}
	})
}
