package sysmon_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := sysmon.New(metrics.Discard{}, sysmon.Config{})
	require.NoError(t, err)
	_, err = sysmon.New(nil, sysmon.Config{Interval: -1, Paths: []string{"/", "", "/"}, Interfaces: []string{""}})
	require.EqualError(t, err, `sysmon: invalid configuration:
the collector is nil: metrics.Discard{} forgets what it is given
Interval is -1ns: must be at least 1s, or 0 for 1m0s
Paths[1] is empty: must be a path
Paths[2] is "/": must be there once
Interfaces[0] is empty: must be the name of a network interface`)
	paths := []string{"/"}
	s := newSampler(t, metrics.Discard{}, sysmon.Config{Root: machine(t), Paths: paths})
	paths[0] = "/absent"
	_, err = s.Sample(t.Context())
	require.NoError(t, err, "the configuration is a copy")
}

func TestConfigFromTheEnvironment(t *testing.T) {
	t.Parallel()
	load := func(environ ...string) (sysmon.Config, error) {
		return envcfg.Load[sysmon.Config](envcfg.Options{Environ: environ, Files: []string{}})
	}
	c, err := load()
	require.NoError(t, err)
	require.Equal(t, sysmon.Config{Interval: sysmon.DefaultInterval, Paths: []string{"/"}}, c)
	c, err = load("SYSTEM_SAMPLE_INTERVAL=15", "SYSTEM_DISK_PATHS=/,/var", "SYSTEM_NETWORK_INTERFACES=eth0")
	require.NoError(t, err)
	require.Equal(t, sysmon.Config{Interval: 15 * time.Second, Paths: []string{"/", "/var"}, Interfaces: []string{"eth0"}}, c)
	_, err = load("SYSTEM_SAMPLE_INTERVAL=1ms")
	require.ErrorContains(t, err, "SYSTEM_SAMPLE_INTERVAL")
	require.ErrorContains(t, err, "must be at least 1s")
}
