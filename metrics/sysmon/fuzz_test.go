package sysmon_test

import (
	"encoding/json"
	"math"
	"path"
	"strings"
	"testing"

	"github.com/prodwright/prodwright/metrics/sysmon"
)

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0\n", "max\n", "-1\n", "9223372036854771712\n", "soup"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (float64, error){sysmon.Number, sysmon.Quota} {
			if n, err := parse(text); err == nil && !(n >= 0) {
				t.Errorf("%q is %v", text, n)
			}
		}
	})
}

func FuzzBandwidth(f *testing.F) {
	for _, s := range []string{"20000 100000\n", "max 100000\n", "0 0", "max max"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := sysmon.Bandwidth(text); err == nil && !(n > 0) {
			t.Errorf("%q is %v CPUs", text, n)
		}
	})
}

func FuzzListed(f *testing.F) {
	for _, s := range []string{"\n", "0-3,7\n", "0-4294967295", "3-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := sysmon.Listed(text); err == nil && (n < 0 || n != math.Trunc(n) || n == 0 && strings.TrimSpace(text) != "") {
			t.Errorf("%q are %v CPUs", text, n)
		}
	})
}

func FuzzFlat(f *testing.F) {
	for _, s := range []string{"usage_usec 1\nnr_periods 2\n", "oom_kill 1", "a b c\n", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := sysmon.Flat(text)
		if (err == nil) != (len(found) > 0) {
			t.Errorf("%q: %v, %v", text, found, err)
		}
		for name, n := range found {
			if !(n >= 0) || math.IsInf(n, 1) || !strings.Contains(text, name) {
				t.Errorf("%q: %q is %v", text, name, n)
			}
		}
	})
}

// Whatever a kernel says, the figures are ratios and can be written as JSON.
func FuzzStalls(f *testing.F) {
	f.Add("some avg10=0.05 avg60=1.31 avg300=26.92 total=5035609487\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
	f.Add("some avg10=1e400 total=1e309\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sysmon.Stalls(text)
		if err != nil {
			return
		}
		for _, v := range []*float64{s.Some, s.Full} {
			if v != nil && !(*v >= 0 && *v <= 1) {
				t.Errorf("%q: %v is no ratio", text, *v)
			}
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func FuzzMemberships(f *testing.F) {
	for _, s := range []string{"0::/\n", "4:cpu,cpuacct:/docker/1\n1:name=systemd:/\n0::/a:b\n", "::/", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := sysmon.Memberships(text)
		if err != nil {
			return
		}
		v1, unified := m.Controllers()
		if unified != "" && unified[0] != '/' {
			t.Errorf("%q: %q", text, unified)
		}
		for controller, group := range v1 {
			if controller == "" || group == "" || group[0] != '/' {
				t.Errorf("%q: %q is in %q", text, controller, group)
			}
		}
	})
}

func FuzzMounts(f *testing.F) {
	f.Add("31 26 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
	f.Add("31 26 0:28 /a\\040b /c\\134 rw shared:1 - cgroup cgroup rw,cpu\n")
	f.Add("1 2 3 \\ \\1 5 - cgroup2 a b")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := sysmon.Mounts(text)
		if err != nil {
			return
		}
		for _, m := range found {
			if root, point, _ := m.Point(); root[0] != '/' || point[0] != '/' {
				t.Errorf("%q: %q at %q", text, root, point)
			}
		}
	})
}

// What is found below a mount is below it.
func FuzzBelow(f *testing.F) {
	for _, s := range [][2]string{{"/", "/"}, {"/docker/1/x", "/docker/1"}, {"/../x", "/.."}, {"/../../x", "/.."}, {"/a//..b", "/a"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, group, root string) {
		rel, ok := sysmon.Below(group, root)
		if !ok {
			return
		}
		if at := path.Join("/sys/fs/cgroup", rel); rel[0] != '/' || at != "/sys/fs/cgroup" && !strings.HasPrefix(at, "/sys/fs/cgroup/") {
			t.Errorf("%q below %q is at %q", group, root, rel)
		}
	})
}
