package pool_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// shared is one server for all tests that do not break theirs.
var shared *pgtest.Server

func TestMain(m *testing.M) {
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
func sharedURL(t *testing.T) pool.Secret {
	t.Helper()
	if shared == nil {
		t.Skip("PostgreSQL is not installed; TestMain said how to install it")
	}
	return pool.NewSecret(shared.Database(t))
}

// open makes a pool that is closed at the end of the test. It needs cfg.URL.
func open(t *testing.T, cfg pool.Config) *pool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	p, err := pool.New(ctx, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { closePool(t, p) })
	return p
}

func closePool(t *testing.T, p *pool.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	require.NoError(t, p.Close(ctx))
}

// eventually polls until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "did not happen: "+what)
		}
	}
}

// logBuffer is a slog target that may be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
