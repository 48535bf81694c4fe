package lifecycle_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// roleEnv makes this test binary be one instance of a service.
const roleEnv = "LIFECYCLE_BE"

// beChild serves POST / and GET /readyz on a port that it prints.
func beChild(role string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	switch role {
	case "lifecycle":
		err = serveWithLifecycle(l)
	case "plain":
		err = servePlainly(l)
	case "stubborn":
		err = beStubborn()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// work takes up to 3 ms and answers with what it was sent.
func work(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	time.Sleep(rand.N(3 * time.Millisecond))
	_, _ = w.Write(body)
}

func serveWithLifecycle(l net.Listener) error {
	g, err := lifecycle.New(lifecycle.Config{Drain: 3 * time.Second, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", work)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if g.Ready(context.Background()) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	if err := g.Add(g.HTTPServer("api", &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}, l)); err != nil {
		return err
	}
	return g.Run(context.Background())
}

// servePlainly does what most services do: Shutdown at the signal.
func servePlainly(l net.Listener) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", work)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ctx.Err() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	<-ctx.Done()
	return srv.Shutdown(context.Background())
}

// beStubborn has a part that never stops.
func beStubborn() error {
	g, err := lifecycle.New(lifecycle.Config{Drain: -1, Budget: time.Hour})
	if err != nil {
		return err
	}
	if err := g.Add(lifecycle.Part{
		Name: "stubborn", Start: func(context.Context) error { return nil },
		Stop: func(context.Context) error { fmt.Println("stopping"); select {} },
	}); err != nil {
		return err
	}
	go func() {
		for g.Ready(context.Background()) != nil {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("ready")
	}()
	return g.Run(context.Background())
}

// instance is a child process that serves.
type instance struct {
	cmd  *exec.Cmd
	out  *bufio.Scanner
	addr string
}

func startInstance(t *testing.T, role string) *instance {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	i := &instance{cmd: cmd, out: bufio.NewScanner(out)}
	i.addr = i.line(t)
	return i
}

func (i *instance) line(t *testing.T) string {
	t.Helper()
	require.True(t, i.out.Scan(), "the instance said nothing")
	return i.out.Text()
}

// balancer knows the instances that are ready, as a load balancer does: by asking them.
type balancer struct {
	mu      sync.Mutex
	targets []string
	client  *http.Client
}

func (b *balancer) pick() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.targets[rand.IntN(len(b.targets))]
}

func (b *balancer) remove(addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, t := range b.targets {
		if t == addr {
			b.targets = append(b.targets[:i:i], b.targets[i+1:]...)
			return
		}
	}
}

// watch probes an instance and takes it out when it is not ready.
func (b *balancer) watch(addr string) {
	for {
		resp, err := b.client.Get("http://" + addr + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			b.remove(addr)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// drain sends POSTs that cannot be sent again, over kept connections, from 40 clients through a balancer to two
// instances, one of which gets SIGTERM when half of them are done. It returns how many were sent and how many failed.
func drain(t *testing.T, role string, requests int64) (sent, failed int64) {
	t.Helper()
	old, other := startInstance(t, role), startInstance(t, role)
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	defer transport.CloseIdleConnections()
	b := &balancer{targets: []string{old.addr, other.addr}, client: &http.Client{Transport: transport}}
	var watchers sync.WaitGroup
	watchers.Go(func() { b.watch(old.addr) })

	var total, failures atomic.Int64
	gone := make(chan struct{})
	post := func() error {
		n := total.Add(1)
		body := fmt.Sprintf("order %d", n)
		// A reader of a type that net/http does not know: it cannot be rewound, so the request is not sent again.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+b.pick()+"/", io.MultiReader(strings.NewReader(body)))
		if err != nil {
			return err
		}
		resp, err := b.client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(resp.Body)
		if err == nil && (resp.StatusCode != http.StatusOK || string(answer) != body) {
			err = fmt.Errorf("%s: %q", resp.Status, answer)
		}
		return err
	}
	var clients sync.WaitGroup
	var once sync.Once
	for range 40 {
		clients.Go(func() {
			for {
				select {
				case <-gone: // and the other instance has shown that it goes on
					if total.Load() >= requests {
						return
					}
				default:
				}
				if err := post(); err != nil {
					if failures.Add(1) == 1 {
						t.Logf("%s: first failure: %v", role, err)
					}
				}
				if total.Load() > requests/2 {
					once.Do(func() { _ = old.cmd.Process.Signal(syscall.SIGTERM) })
				}
			}
		})
	}
	err := old.cmd.Wait()
	close(gone)
	require.NoError(t, err, "the instance must end in order")
	clients.Wait()
	watchers.Wait()
	return total.Load(), failures.Load()
}

// One instance of two is replaced under load, and no request fails. The control shows that the load would notice.
func TestDrainLosesNoRequest(t *testing.T) {
	t.Parallel()
	const requests = 2000
	sent, failed := drain(t, "lifecycle", requests)
	t.Logf("lifecycle: %d POSTs, %d failed", sent, failed)
	require.Zero(t, failed)
	require.GreaterOrEqual(t, sent, int64(requests))

	failed = 0
	for attempt := 0; failed == 0 && attempt < 10; attempt++ { // on a busy machine it may be lucky
		sent, failed = drain(t, "plain", requests)
		t.Logf("plain Shutdown: %d POSTs, %d failed", sent, failed)
	}
	require.Positive(t, failed, "the control must lose requests, or this test shows nothing")
}

// TestCampaignDrain is the same at length: five runs of at least 20 000 requests. make campaign runs it.
func TestCampaignDrain(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("part of make campaign")
	}
	for i := range 5 {
		sent, failed := drain(t, "lifecycle", 20_000)
		lost, control := drain(t, "plain", 20_000)
		t.Logf("run %d: lifecycle %d POSTs, %d failed; plain Shutdown %d POSTs, %d failed", i+1, sent, failed, lost, control)
		require.Zero(t, failed)
		require.Positive(t, control)
	}
}

func TestFirstSignalShutsDownSecondExitsAtOnce(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		i := startInstance(t, "stubborn")
		require.Equal(t, "ready", i.line(t))
		require.NoError(t, i.cmd.Process.Signal(sig))
		require.Equal(t, "stopping", i.line(t))
		require.NoError(t, i.cmd.Process.Signal(sig))
		err := i.cmd.Wait()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 128+int(sig), exit.ExitCode())
	}
}
