package pgxmon_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// everything is a collector that was given every figure.
func everything(t *testing.T) *recorder {
	t.Helper()
	c := newRecorder()
	p := openPool(t, sharedURL(t), 1, newTracer(t, c, pgxmon.Config{SlowQuery: time.Nanosecond}))
	ctx := t.Context()
	_, err := p.Exec(ctx, "create table t (id int)")
	require.NoError(t, err)
	_, err = p.Exec(ctx, "select $1::int / 0", 1)
	require.Error(t, err)
	require.NoError(t, p.SendBatch(ctx, batch("select 1")).Close())
	_, err = p.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}}))
	require.NoError(t, err)
	cfg := p.Config().ConnConfig
	cfg.Database = "absent"
	_, err = pgx.ConnectConfig(ctx, cfg)
	require.Error(t, err)
	_, ok := newSampler(t, c, p.Stat, pgxmon.PoolConfig{Size: 1}).Sample()
	require.True(t, ok)
	return c
}

// The table in the documentation is complete and names nothing else.
func TestTableOfFigures(t *testing.T) {
	t.Parallel()
	c := everything(t)
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(text), "# Figures")
	table, _, _ = strings.Cut(table, "// operation is")
	documented := regexp.MustCompile(`\bdb_\w+`).FindAllString(table, -1)
	slices.Sort(documented)
	require.Equal(t, slices.Sorted(maps.Keys(c.kinds)), slices.Compact(documented))
	for name, kind := range c.kinds {
		require.Equal(t, strings.HasSuffix(name, "_total"), kind == "counter", name)
	}
}

func TestPromtool(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err)
		}
		t.Skip("promtool is not installed; Debian has it in the package prometheus")
	}
	c := everything(t)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.kinds)) {
		fmt.Fprintf(&text, "# HELP %s Help.\n# TYPE %[1]s %s\n", name, c.kinds[name])
		for id, v := range c.all() {
			short, labels, _ := strings.Cut(id, "{")
			labels = strings.TrimSuffix(labels, "}")
			switch {
			case c.kinds[name] == "histogram" && short == name+"_count":
				fmt.Fprintf(&text, "%s_bucket{%s,le=\"+Inf\"} %v\n%[1]s_sum{%[2]s} 1\n%[1]s_count{%[2]s} %[3]v\n", name, labels, v)
			case c.kinds[name] != "histogram" && short == name:
				fmt.Fprintf(&text, "%s %v\n", id, v)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(text.String())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, &text)
	require.Empty(t, string(out))
}
