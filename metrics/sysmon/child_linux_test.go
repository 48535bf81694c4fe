package sysmon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

// measured is what a child found in its control groups.
type measured struct {
	Busy   sysmon.Snapshot // all CPUs have work
	Before sysmon.Snapshot // idle
	Filled sysmon.Snapshot // filledBytes more are in use
	After  sysmon.Snapshot // a grandchild was killed for want of memory
	Killed bool            // by SIGKILL, which nobody but the kernel sent
}

const filledBytes = 24 * mib

// child is what the test binary does when it is started again, in control groups with limits.
func child(task string) error {
	// It must not outlive the test, whose end closes the other end.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	if task == "eat" {
		_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // let it be this one
		_, err := fill(256 * mib)
		return err
	}
	for _, procs := range filepath.SplitList(task) {
		if err := os.WriteFile(procs, []byte(strconv.Itoa(os.Getpid())), 0); err != nil {
			return err
		}
	}
	s, err := sysmon.New(metrics.Discard{}, sysmon.Config{})
	if err != nil {
		return err
	}
	var m measured
	for _, step := range []func(*sysmon.Sampler, *measured) error{busy, filled, starved} {
		if err := step(s, &m); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// busy samples until the work has used up what the quota allows.
func busy(s *sysmon.Sampler, m *measured) (err error) {
	var stop atomic.Bool
	var work sync.WaitGroup
	for range runtime.NumCPU() {
		work.Go(func() {
			for !stop.Load() {
			}
		})
	}
	defer work.Wait()
	defer stop.Store(true)
	for {
		if m.Busy, err = s.Sample(context.Background()); err != nil {
			return err
		}
		if u := m.Busy.CPU.Usage; u != nil && *u >= 0.9 && *m.Busy.CPU.Throttled > 0 {
			return nil
		}
		time.Sleep(time.Second)
	}
}

// fill makes that much memory and uses it. The race detector does not watch it, so it is no more.
func fill(bytes int) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	return memory, err
}

func filled(s *sysmon.Sampler, m *measured) (err error) {
	debug.FreeOSMemory()
	if m.Before, err = s.Sample(context.Background()); err != nil {
		return err
	}
	memory, err := fill(filledBytes)
	if err != nil {
		return err
	}
	if m.Filled, err = s.Sample(context.Background()); err != nil {
		return err
	}
	return syscall.Munmap(memory)
}

// starved starts a grandchild that wants more memory than there is.
func starved(s *sysmon.Sampler, m *measured) (err error) {
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(os.Environ(), "SYSMON_CHILD=eat")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("the grandchild was not killed: %w", err)
	}
	status, _ := exit.Sys().(syscall.WaitStatus)
	m.Killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	m.After, err = s.Sample(context.Background())
	return err
}
