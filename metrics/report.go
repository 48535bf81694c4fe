package metrics

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// ReportItem is a row, or more, of a [Report]: figures of one metric.
type ReportItem struct {
	Title   string
	Name    string // of the metric
	Match   []Label
	Figures []Aggregate
}

// StandardReport returns the items of a service with a database: what package pgxmon, package sysmon and [HTTP] measure. The
// result is the caller's to change.
func StandardReport() []ReportItem {
	return []ReportItem{
		{Title: "requests", Name: "http_request_duration_seconds", Figures: []Aggregate{Count, Rate, Avg, P50, P95, P99, Max}},
		{Title: "panics", Name: "http_panics", Figures: []Aggregate{Increase}},
		{Title: "queries", Name: "db_query_duration_seconds", Figures: []Aggregate{Count, Avg, P50, P95, P99, Max}},
		{Title: "query errors", Name: "db_query_errors", Figures: []Aggregate{Increase}},
		{Title: "slow queries", Name: "db_slow_queries", Figures: []Aggregate{Increase}},
		{Title: "waits for a connection", Name: "db_pool_acquire_duration_seconds", Figures: []Aggregate{Count, P95, Max}},
		{Title: "connections in use", Name: "db_pool_saturation_ratio", Figures: []Aggregate{Avg, Max}},
		{Title: "connections beyond the pool's size", Name: "db_pool_overflow", Figures: []Aggregate{Max}},
		{Title: "CPU", Name: "system_cpu_usage_ratio", Figures: []Aggregate{Avg, Max}},
		{Title: "memory", Name: "system_memory_usage_ratio", Figures: []Aggregate{Avg, Max}},
	}
}

// Report is figures of a window beside those of the window before. It prints as a table, and encodes as JSON.
type Report struct {
	Window time.Duration `json:"window_nanoseconds"`
	End    time.Time     `json:"end"`
	Rows   []ReportRow   `json:"rows"` // only of metrics that there are
}

// ReportRow is one figure. A nil pointer is a figure that is not known: nothing was observed, or the past does not reach.
type ReportRow struct {
	Title  string    `json:"title"`
	Name   string    `json:"name"`
	Figure Aggregate `json:"figure"`
	Now    *float64  `json:"now"`
	Before *float64  `json:"before"`
	// Covered is how much of the window Now is of, in seconds. Before is only given when it is of nearly all of its window.
	Covered float64 `json:"covered_seconds"`

	coveredBefore float64
}

// Report compares the last window, which is at most [MaxWindow], with the one before. Without items it is that of
// [StandardReport].
func (r *Registry) Report(window time.Duration, items ...ReportItem) Report {
	if len(items) == 0 {
		items = StandardReport()
	}
	window = min(window, MaxWindow)
	report := Report{Window: window, End: time.Now(), Rows: []ReportRow{}}
	for _, item := range items {
		now, ok := r.Summary(item.Name, window, item.Match...)
		if !ok {
			continue
		}
		before, ok := r.SummaryBefore(now.Covered, item.Name, window, item.Match...)
		const nearly = 0.9
		known := ok && now.Covered >= window && before.Covered.Seconds() >= nearly*window.Seconds()
		for _, figure := range item.Figures {
			row := ReportRow{Title: item.Title, Name: now.Name, Figure: figure, Covered: now.Covered.Seconds(), Now: now.figure(figure)}
			if known {
				row.Before, row.coveredBefore = before.figure(figure), before.Covered.Seconds()
			}
			report.Rows = append(report.Rows, row)
		}
	}
	return report
}

// figure returns a figure, or nil.
func (s Summary) figure(a Aggregate) *float64 {
	if value, ok := s.Value(a); ok && !math.IsNaN(value) && !math.IsInf(value, 0) {
		return &value
	}
	return nil
}

// String returns the report as a table of text.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the last %s until %s\n", spell(r.Window), r.End.Format(time.DateTime))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\t\tnow\tbefore\tchange\n")
	title := ""
	for _, row := range r.Rows {
		shown := row.Title
		if shown == title {
			shown = ""
		}
		title = row.Title
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", shown, row.Figure, row.text(row.Now), row.text(row.Before), row.change())
	}
	_ = w.Flush() // into memory
	return b.String()
}

// Markdown returns the report as a table of Markdown.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The last %s until %s\n\n| | | now | before | change |\n|---|---|--:|--:|--:|\n", spell(r.Window), r.End.Format(time.DateTime))
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", strings.ReplaceAll(row.Title, "|", `\|`), row.Figure, row.text(row.Now), row.text(row.Before), row.change())
	}
	return b.String()
}

// text writes a figure in the unit that the metric's name ends in.
func (row *ReportRow) text(value *float64) string {
	switch {
	case value == nil:
		return "-"
	case row.Figure == Count || row.Figure == Increase:
		return strconv.FormatFloat(*value, 'f', -1, 64)
	case row.Figure == Rate:
		return significant(*value) + "/s"
	case strings.HasSuffix(row.Name, "_seconds"):
		return rounded(*value)
	case strings.HasSuffix(row.Name, "_ratio"):
		return significant(100**value) + " %"
	case strings.HasSuffix(row.Name, "_bytes"):
		return bytesText(*value)
	}
	return significant(*value)
}

// change says by how much a figure differs from that of the window before; counts in proportion to what is covered.
func (row *ReportRow) change() string {
	switch {
	case row.Now == nil || row.Before == nil:
		return "-"
	case *row.Before == *row.Now:
		return "0 %"
	case *row.Before == 0:
		return "new"
	}
	before := *row.Before
	if row.coveredBefore > 0 && (row.Figure == Count || row.Figure == Increase || row.Figure == Sum) {
		before *= row.Covered / row.coveredBefore
	}
	return fmt.Sprintf("%+.0f %%", 100*(*row.Now-before)/math.Abs(before))
}

// significant writes three digits.
func significant(v float64) string {
	const threeDigits = 999.5
	if math.Abs(v) >= threeDigits {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// rounded writes seconds as a duration of three digits.
func rounded(seconds float64) string {
	const years = 1e9
	if math.Abs(seconds) > years {
		return significant(seconds) + "s"
	}
	d := time.Duration(seconds * float64(time.Second))
	unit := time.Duration(1)
	for unit*1000 <= d && d < time.Minute {
		unit *= 10
	}
	if d >= time.Minute {
		unit = time.Second
	}
	return d.Round(unit).String()
}

func bytesText(v float64) string {
	const step = 1024
	for _, unit := range [...]string{"B", "KiB", "MiB", "GiB"} {
		if math.Abs(v) < step {
			return significant(v) + " " + unit
		}
		v /= step
	}
	return significant(v) + " TiB"
}

// spell writes 24h instead of 24h0m0s.
func spell(d time.Duration) string {
	text := d.String()
	for _, zero := range [...]string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
