package faultproxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Example cuts the network between a client and a server for a moment.
func Example() {
	ctx := context.Background()
	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()
	proxy, err := faultproxy.Listen(ctx, server.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		fmt.Println(err)
		return
	}
	behind, err := server.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
	_, _ = io.WriteString(client, "hello")
	fmt.Println("during the partition:", proxy.Stats().ToServer, "bytes")
	proxy.SetFault(faultproxy.Fault{})
	got := make([]byte, 5)
	_, _ = io.ReadFull(behind, got)
	fmt.Println("after it:", string(got))
	fmt.Println(errors.Join(client.Close(), behind.Close(), proxy.Close()))
	// Output:
	// during the partition: 0 bytes
	// after it: hello
	// <nil>
}

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	return serve(t, func(c net.Conn) { _, _ = io.Copy(c, c); _ = c.(*net.TCPConn).CloseWrite() })
}

func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { handle(c); _ = c.Close() }()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func listen(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.Listen(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func dial(t *testing.T, p *faultproxy.Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func roundTrip(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
	got := make([]byte, len(text))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

// silent requires that nothing arrives for a while.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "%v", err)
	require.NoError(t, c.SetReadDeadline(time.Time{}))
}

func TestForwards(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MB, more than all buffers
	go func() { _, _ = c.Write(big); _ = c.CloseWrite() }()
	got, err := io.ReadAll(c) // ends because the end of the stream passes both ways
	require.NoError(t, err)
	require.True(t, bytes.Equal(big, got))
	s := p.Stats()
	require.EqualValues(t, len(big), s.ToServer)
	require.EqualValues(t, len(big), s.ToClient)
	require.EqualValues(t, 1, s.Accepted)
}

func TestLatencyAndBandwidthSlowDown(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	p.SetFault(faultproxy.Fault{Latency: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
	start := time.Now()
	roundTrip(t, c, "late")
	require.GreaterOrEqual(t, time.Since(start), 40*time.Millisecond) // lower bounds hold on any machine

	p.SetFault(faultproxy.Fault{Bandwidth: 10_000})
	start = time.Now()
	roundTrip(t, c, string(make([]byte, 2_000)))
	require.GreaterOrEqual(t, time.Since(start), 150*time.Millisecond) // the last piece arrives before its time is paid
	p.SetFault(faultproxy.Fault{})
	roundTrip(t, c, "again")
}

func TestPartitionHoldsBackAndDeliversLate(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	for _, cut := range []faultproxy.Direction{faultproxy.ClientToServer, faultproxy.ServerToClient, faultproxy.Both} {
		c := dial(t, p)
		roundTrip(t, c, "before")
		p.SetFault(faultproxy.Fault{Partition: cut})
		_, err := io.WriteString(c, "during")
		require.NoError(t, err)
		silent(t, c)
		p.SetFault(faultproxy.Fault{})
		got := make([]byte, 6)
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		require.Equal(t, "during", string(got))
	}
	// The end of a connection is held back too, and new connections are silent.
	c := dial(t, p)
	roundTrip(t, c, "x")
	p.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
	require.NoError(t, c.CloseWrite())
	silent(t, c)
	silent(t, dial(t, p))
	p.SetFault(faultproxy.Fault{})
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

func TestPartitionHoldsTheSenderBack(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	roundTrip(t, c, "x")
	p.SetFault(faultproxy.Fault{Partition: faultproxy.ClientToServer})
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	n, err := c.Write(make([]byte, 64<<20))
	require.Error(t, err)
	require.Less(t, n, 64<<20, "memory is bounded")
}

func TestResets(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	roundTrip(t, c, "x")
	p.Reset()
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)

	p.ResetAfter(3)
	c = dial(t, p)
	_, err = io.WriteString(c, "abcdef")
	require.NoError(t, err)
	got, err := io.ReadAll(c)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.LessOrEqual(t, len(got), 3)

	p.ResetAfter(0)
	if c, dialErr := net.Dial("tcp", p.Addr()); dialErr == nil { // the reset may come first
		_, err = c.Read(make([]byte, 1))
		require.Error(t, err)
		require.NoError(t, c.Close())
	}

	p.ResetAfter(-1)
	roundTrip(t, dial(t, p), "again")
}

func TestResetDuringAPartition(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	p.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
	c := dial(t, p)
	silent(t, c)
	for p.Stats().Open == 0 {
		time.Sleep(time.Millisecond)
	}
	p.Reset()
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, io.EOF)
}

func TestHalfOpenLosesTheServerSilently(t *testing.T) {
	t.Parallel()
	gone := make(chan error, 1)
	p := listen(t, serve(t, func(c net.Conn) {
		_, err := io.Copy(c, c)
		select {
		case gone <- err:
		default:
		}
	}))
	c := dial(t, p)
	roundTrip(t, c, "x")
	p.HalfOpen()
	require.Error(t, <-gone, "the server's side is reset")
	_, err := io.WriteString(c, "anybody?")
	require.NoError(t, err)
	silent(t, c)
	another := dial(t, p)
	roundTrip(t, another, "new connections work")
	require.NoError(t, another.Close())
	_, err = c.Write(make([]byte, 16<<20)) // more than any buffer on the way
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Eventually(t, func() bool { return p.Stats().Open == 0 }, time.Minute, time.Millisecond, "it ends with its client")
}

func TestRefuseAndAccept(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	roundTrip(t, c, "x")
	p.Refuse()
	p.Refuse()
	_, err := net.Dial("tcp", p.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	roundTrip(t, c, "open connections go on")
	require.NoError(t, p.Accept())
	require.NoError(t, p.Accept())
	roundTrip(t, dial(t, p), "x")
}

func TestSetTargetMovesNewConnections(t *testing.T) {
	t.Parallel()
	greet := func(text string) string { return serve(t, func(c net.Conn) { _, _ = io.WriteString(c, text) }) }
	p := listen(t, greet("one"))
	read := func() string {
		got, err := io.ReadAll(dial(t, p))
		require.NoError(t, err)
		return string(got)
	}
	require.Equal(t, "one", read())
	p.SetTarget(greet("two"))
	require.Equal(t, "two", read())
	p.SetTarget("127.0.0.1:1") // nobody
	c, err := net.Dial("tcp", p.Addr())
	if err == nil { // the reset may come before the kernel has told us that we are connected
		_, err = io.ReadAll(c)
		_ = c.Close()
	}
	require.Error(t, err)
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	p := listen(t, echo(t))
	c := dial(t, p)
	roundTrip(t, c, "x")
	half := dial(t, p)
	roundTrip(t, half, "x")
	p.HalfOpen()
	p.SetFault(faultproxy.Fault{Partition: faultproxy.Both, Latency: time.Hour})
	require.NoError(t, p.Close())
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, io.EOF)
	require.Error(t, p.Accept())
}
