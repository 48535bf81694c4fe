package sysmon_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/sysmon"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"0\n": 0, "max\n": math.Inf(1), "9223372036854771712\n": 9223372036854771712, "\t7\n": 7} {
		n, err := sysmon.Number(text)
		require.NoError(t, err, text)
		require.InDelta(t, want, n, 0, text) // of infinities too
	}
	for _, text := range []string{"", "-1", "1.5", "1 2", "NaN", "Inf", "0x1", "99999999999999999999"} {
		_, err := sysmon.Number(text)
		require.Error(t, err, text)
	}
	n, err := sysmon.Quota("-1\n")
	require.NoError(t, err)
	require.True(t, math.IsInf(n, 1))
}

func TestBandwidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"20000 100000\n": 0.2, "max 100000\n": math.Inf(1), "400000 100000": 4} {
		n, err := sysmon.Bandwidth(text)
		require.NoError(t, err, text)
		require.InDelta(t, want, n, 0, text)
	}
	for _, text := range []string{"", "max", "1 0", "1 max", "0 100000", "a 1", "1 a", "1 2 3"} {
		_, err := sysmon.Bandwidth(text)
		require.Error(t, err, text)
	}
}

func TestFlat(t *testing.T) {
	t.Parallel()
	got, err := sysmon.Flat("a 1\nb 2 3\nc\n\n d 4\ne -5\n")
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"a": 1, "d": 4}, got)
	_, err = sysmon.Flat("a\n")
	require.Error(t, err)
}

func TestListed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"\n": 0, "0\n": 1, "0-3\n": 4, "0-1,4,6-7\n": 5} {
		n, err := sysmon.Listed(text)
		require.NoError(t, err, text)
		require.InDelta(t, want, n, 0, text)
	}
	for _, text := range []string{"a", "3-1", "1-", "-1", "1,,2", "0-99999999999"} {
		_, err := sysmon.Listed(text)
		require.Error(t, err, text)
	}
}

func TestStalls(t *testing.T) {
	t.Parallel()
	s, err := sysmon.Stalls("some avg10=12.50 avg60=1.00 avg300=0.00 total=2500000\nfull avg10=5.00 avg60=0 avg300=0 total=1\n")
	require.NoError(t, err)
	require.Equal(t, sysmon.Stall{Some: new(0.125), Full: new(0.05), SomeSeconds: new(2.5), FullSeconds: new(1e-6)}, s)
	s, err = sysmon.Stalls("some avg10=200 total=x\n") // old kernels have no "full" of the CPU
	require.NoError(t, err)
	require.Equal(t, sysmon.Stall{Some: new(1.0)}, s)
	for _, text := range []string{"", "full avg10=1\n", "some avg10=-1\n", "some avg10=NaN\n", "some avg10=Inf\n"} {
		_, err = sysmon.Stalls(text)
		require.Error(t, err, text)
	}
}

func TestMemberships(t *testing.T) {
	t.Parallel()
	m, err := sysmon.Memberships("5:cpu,cpuacct:/a:b\n4:memory:/m\n1:name=systemd:/s\n0::/u u\n")
	require.NoError(t, err)
	v1, unified := m.Controllers()
	require.Equal(t, map[string]string{"cpu": "/a:b", "cpuacct": "/a:b", "memory": "/m"}, v1)
	require.Equal(t, "/u u", unified)
	for _, text := range []string{"soup", "0::", "0::relative", "\n"} {
		_, err = sysmon.Memberships(text)
		require.Error(t, err, text)
	}
}

func TestMounts(t *testing.T) {
	t.Parallel()
	found, err := sysmon.Mounts("36 35 98:0 / / rw,noatime - ext4 /dev/root rw\n" +
		"37 36 0:1 /a\\040b /c\\134d rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n38 36 0:2 /.. /e rw - cgroup2 none rw\n")
	require.NoError(t, err)
	require.Len(t, found, 2)
	root, point, controllers := found[0].Point()
	require.Equal(t, []string{"/a b", `/c\d`}, []string{root, point})
	require.Contains(t, controllers, "cpuacct")
	root, point, controllers = found[1].Point()
	require.Equal(t, []string{"/..", "/e"}, []string{root, point})
	require.Nil(t, controllers)
	for _, text := range []string{"soup", "1 2 3 / / rw cgroup2 none rw\n", "1 2 3 a / rw - cgroup2 none rw\n", "1 2 3 / / rw - cgroup2 none"} {
		_, err = sysmon.Mounts(text)
		require.Error(t, err, text)
	}
}

func TestUnescaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "a": "a", `\040`: " ", `a\011b\134`: "a\tb\\", `\`: `\`, `\04`: `\04`, `\999`: `\999`, `\777`: `\777`, `\\040`: `\ `} {
		require.Equal(t, want, sysmon.Unescaped(text), text)
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ group, root, want string }{
		{"/", "/", "/"},
		{"/a/b", "/", "/a/b"},
		{"/a/b", "/a", "/b"},
		{"/a/b", "/a/b", "/"},
		{"/ab", "/a", ""},
		{"/a", "/a/b", ""},
		{"/", "/..", ""},
		{"/../x", "/..", "/x"},
		{"/../../x", "/..", ""},
		{"/../x", "/", ""},
	} {
		rel, ok := sysmon.Below(tc.group, tc.root)
		require.Equal(t, tc.want != "", ok, "%v", tc)
		require.Equal(t, tc.want, rel, "%v", tc)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"lo": true, "lo0": true, "Loopback Pseudo-Interface 1": true, "eth0": false, "lon0": false, "local": false, "wlo1": false,
	} {
		require.Equal(t, want, sysmon.Loopback(name), name)
	}
}
