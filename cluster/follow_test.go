package cluster_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// An outside authority promotes; the cluster follows.
func TestFollow(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(x *trio){
		"kill -9":    func(x *trio) { require.NoError(x, x.servers[0].Kill()) },
		"SIGSTOP":    func(x *trio) { require.NoError(x, x.servers[0].Hang()) },
		"switchover": func(x *trio) { require.NoError(x, x.servers[0].Stop(x.Context())) },
		"no client comes through, and it is replaced": func(x *trio) { x.clients[0].SetFault(faultproxy.Fault{Partition: faultproxy.Both}) },
		"answers do not come":                         func(x *trio) { x.clients[0].SetFault(faultproxy.Fault{Partition: faultproxy.ServerToClient}) },
		"nothing":                                     func(*trio) {}, // a promotion while the primary lives
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTrio(t, nil)
			c := x.open(cluster.Config{})
			l := x.load(c, 4)
			x.acknowledged(l, 0, 100)
			fault(x)
			winner := x.failover(1, 2)
			x.acknowledged(l, winner, 100)
			switch name {
			case "SIGSTOP":
				require.NoError(t, x.servers[0].Continue())
			case "nothing":
			case "kill -9", "switchover":
				require.NoError(t, x.servers[0].Start(t.Context()))
			default:
				x.clients[0].SetFault(faultproxy.Fault{})
			}
			x.acknowledged(l, winner, 1000)
			x.check(l, winner)
		})
	}
}
