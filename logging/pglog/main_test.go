package pglog_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// shared is one server for all tests that do not break theirs.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	if child() {
		return
	}
	os.Exit(pgtest.Main(leakChecked{m}, pgtest.Config{}, func(s *pgtest.Server) { shared = s }))
}

// leakChecked runs the tests and then looks for goroutines left behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	before := goleak.IgnoreCurrent() // those of the shared server
	code := l.m.Run()
	if code == 0 {
		if err := goleak.Find(before); err != nil {
			_, _ = os.Stderr.WriteString("goroutines left behind: " + err.Error() + "\n")
			return 1
		}
	}
	return code
}

// hang bounds waits that are not expected to end by it.
const hang = time.Minute

// sharedURL returns a database of its own on the shared server, skipping the test where PostgreSQL is not installed.
func sharedURL(t *testing.T) string {
	t.Helper()
	if shared == nil {
		t.Skip("PostgreSQL is not installed; TestMain said how to install it")
	}
	return shared.Database(t)
}

// connect opens a connection that is closed at the end of the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// query returns the only value of a query, asked on a connection of its own.
func query[T any](t *testing.T, url, sql string, args ...any) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&value))
	return value
}

// execute runs statements on a connection of its own.
func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.PgConn().Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err)
}

// eventually polls until ok returns true, often at first: ok may be a question on a connection of its own.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	pause := time.Millisecond
	for deadline := time.Now().Add(hang); !ok(); time.Sleep(pause) {
		pause = min(2*pause, 50*time.Millisecond)
		if time.Now().After(deadline) {
			require.FailNow(t, "did not happen: "+what)
		}
	}
}
