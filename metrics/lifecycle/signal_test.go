package lifecycle_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// safeBuffer may be read while a logger writes to it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// The first signal asks for a shutdown: when there is one already it changes nothing, and says so. The second does.
func TestSignalDuringAnotherShutdown(t *testing.T) {
	t.Parallel()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	var log safeBuffer
	release, exited := make(chan struct{}), make(chan int, 1)
	g, err := lifecycle.New(lifecycle.Config{
		Drain: -1, Budget: time.Hour, Signals: []os.Signal{syscall.SIGHUP}, Exit: func(code int) { exited <- code },
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	require.NoError(t, g.Add(lifecycle.Part{Name: "slow", Stop: func(context.Context) error { <-release; return nil }}))
	ctx, cancel := context.WithCancel(t.Context())
	done := run(g, ctx)
	waitReady(t, g)
	cancel()
	<-g.Draining()
	require.NoError(t, self.Signal(syscall.SIGHUP))
	for !strings.Contains(log.String(), "another signal exits at once") {
		require.Empty(t, exited)
		require.NoError(t, t.Context().Err())
		time.Sleep(time.Millisecond)
	}
	require.Empty(t, exited)
	require.NoError(t, self.Signal(syscall.SIGHUP))
	require.Equal(t, 128+int(syscall.SIGHUP), <-exited)
	close(release)
	require.NoError(t, <-done)
}
