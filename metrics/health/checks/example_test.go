package checks_test

import (
	"fmt"

	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
)

func Example() {
	cache := checks.Redis("redis://cache:6379")
	cache.Severity = health.Degraded // the service works without it
	probes := &health.Handler{}
	err := probes.Add(cache, checks.Disk("/"), checks.Memory(), checks.TCP("broker", "broker:5672"))
	fmt.Println(err)
	// Output: <nil>
}
