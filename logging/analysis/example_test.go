package analysis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// noon is when the records of the examples were logged.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// day is the query for them.
var day = analysis.Query{Since: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}

// logged writes a log for the examples and returns its path.
func logged() string {
	dir, err := os.MkdirTemp("", "analysis")
	if err != nil {
		panic(err)
	}
	path := filepath.Join(dir, "application.log")
	var lines []byte
	for i, message := range []string{"user 7 not found", "disk full", "user 8 not found"} {
		r := logging.Record{Time: noon.Add(time.Duration(i) * time.Minute), Level: zapcore.ErrorLevel, Logger: "app", Message: message, UserID: fmt.Sprint("u", i), RequestID: "r1"}
		lines = append(r.AppendJSON(lines), '\n')
	}
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		panic(err)
	}
	return path
}

func ExampleFiles() {
	path := logged()
	defer os.RemoveAll(filepath.Dir(path))
	for group, err := range analysis.Files(path, nil).TopErrors(context.Background(), day) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(group.Count, group.Users, group.Message)
	}
	// Output:
	// 2 2 user 8 not found
	// 1 1 disk full
}

func ExampleAnalyzer() {
	path := logged()
	defer os.RemoveAll(filepath.Dir(path))
	var answers analysis.Analyzer = analysis.Files(path, nil) // or that of package pglog
	fresh, err := analysis.Collect(answers.NewErrors(context.Background(), day))
	fmt.Println(len(fresh), err)
	// Output: 2 <nil>
}

func ExampleRecords() {
	mine := of([]logging.Record{{Time: noon, Level: zapcore.InfoLevel, UserID: "alice", Message: "signed in"}})
	for r, err := range mine.UserActivity(context.Background(), "alice", day) {
		fmt.Println(r.Message, err)
	}
	// Output: signed in <nil>
}

func ExampleLevelCount() {
	path := logged()
	defer os.RemoveAll(filepath.Dir(path))
	levels, err := analysis.Files(path, nil).ErrorSummary(context.Background(), day)
	text, _ := json.Marshal(levels)
	fmt.Println(string(text), err)
	// Output: [{"level":"ERROR","count":3,"users":3,"loggers":1}] <nil>
}

func ExampleGroup() {
	g := analysis.Group{ID: fingerprint.Of("app", "user 7 not found", ""), Message: "user 7 not found"}
	fmt.Println(g.ID, fingerprint.Template(g.Message))
	// Output: ed21fa0a6ed6b7e0 user <*> not found
}

func ExamplePoint() {
	path := logged()
	defer os.RemoveAll(filepath.Dir(path))
	for p, err := range analysis.Files(path, nil).Trend(context.Background(), 0, 40*time.Minute, day) {
		fmt.Println(p.Start.Format(time.TimeOnly), p.Count, err)
	}
	// Output:
	// 10:40:00 0 <nil>
	// 11:20:00 0 <nil>
	// 12:00:00 3 <nil>
	// 12:40:00 0 <nil>
}

func ExampleQuery() {
	q, err := analysis.Query{Until: noon, Logger: "app"}.Complete(time.Now(), analysis.DefaultGroups)
	fmt.Println(q.Since.Format(time.DateTime), q.Limit, q.In("app.users"), q.In("apple"), err)
	// Output: 2026-01-01 12:00:00 10 true false <nil>
}

func ExampleSteps() {
	steps, err := day.Steps(time.Hour)
	fmt.Println(steps.Count, steps.Start(steps.First).Format(time.TimeOnly), err)
	// Output: 2 11:00:00 <nil>
}
