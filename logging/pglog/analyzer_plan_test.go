package pglog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/pglog"
)

// explaining is a connection that keeps the plan of what it was last asked.
type explaining struct {
	*pgx.Conn
	plan string
}

func (e *explaining) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.Conn.Query(ctx, "explain (costs off) "+sql, args...)
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plan = strings.Join(lines, "\n")
	return e.Conn.Query(ctx, sql, args...)
}

// Each question uses its index, and looks only at the days that it is about.
func TestQuestionsUseTheIndexes(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	conn := &explaining{Conn: connect(t, url)}
	ctx := t.Context()
	require.NoError(t, pglog.Migrate(ctx, conn.Conn, pglog.Config{}))
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for ahead := range 3 { // a day that is asked for and two that are not
		execute(t, url, fmt.Sprintf(`insert into application_logs ("timestamp", level, logger, message, user_id, request_id, fingerprint)
			select timestamptz '%s' + n * interval '4 s', case when n %% 100 = 0 then 'ERROR' else 'INFO' end, 'app', 'message ' || n, 'u' || n %% 1000, 'r' || n / 10,
				case when n %% 100 = 0 then n / 100 %% 50 + 1 end from generate_series(0, 20000) n`, today.AddDate(0, 0, ahead).Format(time.RFC3339)))
	}
	execute(t, url, fmt.Sprintf(`insert into application_logs_errors (fingerprint, first_seen, last_seen)
		select n, timestamptz '%s' + (25 - n) * interval '1 day', now() from generate_series(1, 50) n`, today.Format(time.RFC3339)))
	execute(t, url, `analyze`)
	a, err := pglog.NewAnalyzer(conn, "")
	require.NoError(t, err)
	q := analysis.Query{Since: today.Add(6 * time.Hour), Until: today.Add(7 * time.Hour)}
	for name, question := range map[string]struct {
		index string
		ask   func() (int, error)
	}{
		"summary":  {"level", func() (int, error) { l, err := a.ErrorSummary(ctx, q); return len(l), err }},
		"top":      {"level", func() (int, error) { l, err := analysis.Collect(a.TopErrors(ctx, q)); return len(l), err }},
		"trend":    {"level", func() (int, error) { l, err := analysis.Collect(a.Trend(ctx, 0, time.Hour, q)); return len(l), err }},
		"of group": {"fingerprint", func() (int, error) { l, err := analysis.Collect(a.Occurrences(ctx, 7, q)); return len(l), err }},
		"new": {"fingerprint", func() (int, error) {
			l, err := analysis.Collect(a.NewErrors(ctx, analysis.Query{Since: today, Until: today.Add(24 * time.Hour)}))
			return len(l), err
		}},
		"user":    {"user_id", func() (int, error) { l, err := analysis.Collect(a.UserActivity(ctx, "u7", q)); return len(l), err }},
		"request": {"request_id", func() (int, error) { l, err := analysis.Collect(a.Request(ctx, "r600", q)); return len(l), err }},
	} {
		n, err := question.ask()
		require.NoError(t, err, name)
		require.NotZero(t, n, name)
		require.Contains(t, conn.plan, "Index", "%s:\n%s", name, conn.plan)
		require.NotContains(t, conn.plan, "Seq Scan on application_logs_p", "%s:\n%s", name, conn.plan)
		require.NotContains(t, conn.plan, today.AddDate(0, 0, 1).Format("20060102"), "%s looks at another day:\n%s", name, conn.plan)
	}
}
