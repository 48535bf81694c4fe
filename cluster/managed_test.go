package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
)

// manage starts managers of the trio.
func (x *trio) manage(register failover.Register, n int) {
	x.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, n)
	for i := range n {
		cfg := failover.Config{Register: register, ID: fmt.Sprint("manager", i), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
		for _, s := range x.servers {
			cfg.Nodes = append(cfg.Nodes, failover.Node{Name: s.Name(), URL: cluster.NewSecret(s.URL("postgres"))})
		}
		m, err := failover.New(cfg)
		require.NoError(x, err)
		go func() { done <- m.Run(ctx) }()
	}
	x.Cleanup(func() {
		cancel()
		for range n {
			require.ErrorIs(x, <-done, context.Canceled)
		}
	})
}

func TestManaged(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(x *trio){
		"kill -9": func(x *trio) { require.NoError(x, x.servers[0].Kill()) },
		"SIGSTOP": func(x *trio) { require.NoError(x, x.servers[0].Hang()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTrio(t, nil)
			register := new(failover.Memory)
			x.manage(register, 2)
			c := x.open(cluster.Config{})
			l := x.load(c, 4)
			x.acknowledged(l, 0, 100)
			require.Eventually(t, func() bool {
				value, _, _ := register.Load(t.Context())
				return len(value) > 0 && string(value) != "" && strings.Contains(string(value), `"names":"ANY 1 (`)
			}, hang, tick)
			fault(x)
			winner := 0
			require.Eventually(t, func() bool {
				for i, s := range x.servers {
					if c.Report().Primary == s.Name() && i > 0 {
						winner = i
					}
				}
				return winner > 0
			}, hang, tick)
			x.acknowledged(l, winner, 100)
			if name == "SIGSTOP" {
				require.NoError(t, x.servers[0].Continue())
			} else {
				require.NoError(t, x.servers[0].Start(t.Context()))
			}
			time.Sleep(time.Second)
			x.acknowledged(l, winner, 100)
			x.check(l, winner)
		})
	}
}
