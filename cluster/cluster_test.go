package cluster

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

func TestZZFollow(t *testing.T) {
	p := pgtest.New(t, pgtest.Config{})
	s1, err := p.Standby(t.Context(), pgtest.StandbyConfig{Name: "s1", Synchronous: true})
	require.NoError(t, err)
	require.NoError(t, p.Exec(t.Context(), "postgres", "create table w (id bigint primary key)"))
	c, err := Open(t.Context(), Config{Nodes: []NodeConfig{{Name: "n1", URL: NewSecret(p.URL("postgres"))}, {Name: "s1", URL: NewSecret(s1.URL("postgres"))}}, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	require.NoError(t, err)
	require.NoError(t, c.WaitPrimary(t.Context()))
	var n atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var okc, unknown, failed int
	var gap time.Duration
	var accepts, firstAfter time.Time
	done := make(chan struct{})
	var promoted atomic.Int64
	go func() {
		defer close(done)
		last := time.Now()
		for ctx.Err() == nil {
			id := n.Add(1)
			_, err := c.Writer().Exec(context.Background(), "insert into w values ($1)", id)
			switch {
			case err == nil:
				okc++
				if g := time.Since(last); g > gap {
					gap = g
				}
				last = time.Now()
				if at := promoted.Load(); at != 0 && firstAfter.IsZero() {
					firstAfter = last
					accepts = time.Unix(0, at)
				}
			case errors.Is(err, ErrOutcomeUnknown):
				unknown++
			default:
				failed++
				t.Log(err)
			}
		}
	}()
	time.Sleep(500 * time.Millisecond)
	if os.Getenv("STOP") != "" {
		require.NoError(t, p.Hang())
	} else {
		require.NoError(t, p.Kill())
	}
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, s1.Promote(t.Context()))
	require.NoError(t, s1.Exec(t.Context(), "postgres", "alter system set synchronous_standby_names = ''"))
	require.NoError(t, s1.Exec(t.Context(), "postgres", "select pg_reload_conf()"))
	promoted.Store(time.Now().UnixNano())
	time.Sleep(3 * time.Second)
	cancel()
	<-done
	t.Log("ok", okc, "unknown", unknown, "failed", failed, "gap", gap, "after promoted", firstAfter.Sub(accepts))
	closing, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	require.NoError(t, c.Close(closing))
}
