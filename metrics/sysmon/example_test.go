package sysmon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

// container makes the files of a machine with a container on it, and returns where they are.
func container(tree string) (root string, remove func()) {
	root, err := os.MkdirTemp("", "sysmon")
	for _, name := range []string{"machine", tree} {
		if err == nil {
			err = os.CopyFS(root, os.DirFS(filepath.Join("testdata", name)))
		}
	}
	if err != nil {
		panic(err)
	}
	return root, func() { _ = os.RemoveAll(root) }
}

// first takes the first sample in a container.
func first(tree string) sysmon.Snapshot {
	root, remove := container(tree)
	defer remove()
	sampler, err := sysmon.New(metrics.Discard{}, sysmon.Config{Root: root})
	if err != nil {
		panic(err)
	}
	snapshot, err := sampler.Sample(context.Background())
	if err != nil {
		panic(err)
	}
	return snapshot
}

func show(v any) {
	text, err := json.Marshal(v)
	fmt.Println(string(text), err)
}

// The figures of the machine that the example runs on differ from run to run; that they are there does not.
func Example() {
	sampler, err := sysmon.New(metrics.Discard{}, sysmon.Config{}) // or a registry
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- sampler.Run(ctx) }()

	usage, err := sampler.Memory(ctx) // a signal for scaling, a value for an alert
	if errors.Is(err, sysmon.ErrUnknown) {
		usage = 0.5 // where the limits cannot be seen, a guess is the caller's
	}
	fmt.Println(usage > 0)
	cancel()
	fmt.Println(<-done)
	// Output:
	// true
	// <nil>
}

func ExampleSampler() {
	root, remove := container("v2-nested")
	defer remove()
	sampler, err := sysmon.New(metrics.Discard{}, sysmon.Config{Root: root})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = sampler.CPU(context.Background())
	fmt.Println(err)
	usage, err := sampler.Memory(context.Background())
	fmt.Println(usage, err)
	// Output:
	// sysmon: the use of the CPU is not known: it takes two samples
	// 0.75 <nil>
}

func ExampleConfig() {
	cfg := sysmon.Config{Interval: time.Millisecond, Paths: []string{"/", "/var/lib/postgresql"}}
	fmt.Println(cfg.Validate())
	cfg.Interval = 15 * time.Second
	fmt.Println(cfg.Validate())
	// Output:
	// Interval is 1ms: must be at least 1s, or 0 for 1m0s
	// <nil>
}

func ExampleSnapshot() {
	s := first("v2-nested") // on a larger machine
	fmt.Println(s.Limited, *s.CPU.Limit, *s.CPU.Limit < *s.Host.CPUs)
	fmt.Println(*s.Memory.Usage, *s.Memory.Limit < *s.Host.Memory)
	fmt.Println(s.CPU.Usage == nil) // it takes two samples
	// Output:
	// true 0.5 true
	// 0.75 true
	// true
}

func ExampleCPU() {
	show(first("v2-namespace").CPU)
	// Output:
	// {"limited":true,"group":"/","limit_cores":0.5,"periods":100,"throttled_periods":40,"throttled_seconds":2} <nil>
}

func ExampleMemory() {
	show(first("v2-namespace").Memory)
	// Output:
	// {"limited":true,"group":"/","limit_bytes":268435456,"working_set_bytes":134217728,"available_bytes":134217728,"usage_ratio":0.5,"oom_kills":5} <nil>
}

func ExamplePressure() {
	p := first("v2-nested").Pressure
	fmt.Println(p.Group)
	show(p.CPU)
	// Output:
	// /kubepods.slice/kubepods-pod1.slice/cri-containerd-abc.scope
	// {"some_avg10_ratio":0.5,"full_avg10_ratio":0.25,"some_seconds":1,"full_seconds":0.5} <nil>
}

func ExampleStall() {
	show(first("v2-max").Host.Pressure.IO)
	// Output:
	// {"some_avg10_ratio":0.4,"full_avg10_ratio":0.2,"some_seconds":9,"full_seconds":5} <nil>
}

func ExampleDisk() {
	d := first("v2-max").Disks[0]
	fmt.Println(d.Path, *d.Free <= *d.Size)
	// Output:
	// / true
}

func ExampleNetwork() {
	n := first("v2-max").Network
	fmt.Println(*n.SentBytes > 0, *n.ReceivedBytes > 0)
	// Output:
	// true true
}

func ExampleHost() {
	h := first("v2-namespace").Host
	fmt.Println(*h.CPUs >= 1, *h.MemoryUsage < 1)
	// Output:
	// true true
}

func ExampleRuntime() {
	r := first("v2-max").Runtime
	fmt.Println(*r.Goroutines > 0, *r.Heap > 0, r.SchedLatency == nil)
	// Output:
	// true true true
}
