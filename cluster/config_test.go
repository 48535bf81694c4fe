package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

func TestAllErrorsOfAConfiguration(t *testing.T) {
	t.Parallel()
	url := cluster.NewSecret
	bad := cluster.Config{
		Nodes: []cluster.NodeConfig{
			{URL: url("postgres://u:s3cret@db1/x")},
			{URL: url("postgres://u:s3cret@db1:5432/y"), Weight: -1},
			{},
			{URL: url("postgres://u:s3cret@db1:port/x")},
			{URL: url("host=a,b password=s3cret")},
			{URL: url("host=a"), Address: "db1"},
		},
		DiscoverInterval: -1, Drain: -2, ProbeInterval: -1, UrgentInterval: -1, ProbeTimeout: -1, FailureThreshold: -1, RecoveryThreshold: -1, Lookup: -1, MaxLag: -2, MaxLagBytes: -2, WriteWait: -1, CatchUp: -1, RivalGrace: -2,
		Primary: cluster.PoolSize{Size: -1, MaxOverflow: -2}, Replica: cluster.ReplicaPoolSize{Size: -1, MaxOverflow: -2},
	}
	err := bad.Validate()
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
	var names []string
	for line := range strings.Lines(err.Error()) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	require.Equal(t, []string{
		"Nodes[1].Name", "Nodes[1].Weight", "Nodes[2].URL", "Nodes[3].URL", "Nodes[4].URL", "Nodes[5].Address", "DiscoverInterval", "Drain", "ProbeInterval", "UrgentInterval", "ProbeTimeout", "Lookup", "MaxLag", "WriteWait", "CatchUp", "RivalGrace",
		"MaxLagBytes", "FailureThreshold", "RecoveryThreshold", "Primary.Size", "Primary.MaxOverflow", "Replica.Size", "Replica.MaxOverflow",
	}, names)
	require.Equal(t, err.Error(), bad.Validate().Error())

	_, err = cluster.Open(t.Context(), cluster.Config{})
	require.ErrorContains(t, err, "Nodes is empty")
	off := cluster.Config{Nodes: []cluster.NodeConfig{{URL: url("host=db1")}}, MaxLag: -1, RivalGrace: -1, Primary: cluster.PoolSize{MaxOverflow: -1}}
	require.NoError(t, off.Validate())
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	c, err := cluster.Open(t.Context(), cluster.Config{Nodes: []cluster.NodeConfig{{URL: cluster.NewSecret("postgres://u:s3cret@127.0.0.1:1/x")}}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Report().Nodes[0].Error != "" }, hang, tick)
	require.NotContains(t, fmt.Sprintf("%+v", c.Report()), "s3cret")
	require.NoError(t, c.Close(context.Background()))
	require.ErrorIs(t, c.WaitPrimary(t.Context()), cluster.ErrClosed)
}
