package freeport_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

func ExampleTake() {
	port, err := freeport.Take()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer port.Release()
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Number())))
	fmt.Println(l != nil, err)
	_ = l.Close()
	// Output: true <nil>
}

// childPorts is how many ports a child process takes and holds.
const childPorts = 40

func TestMain(m *testing.M) {
	if os.Getenv("FREEPORT_CHILD") != "" {
		for range childPorts {
			port, err := freeport.Take()
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println(port.Number())
		}
		fmt.Println("done")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // holds them until the parent closes the pipe
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Eight processes that take ports at the same time never get the same one.
func TestProcessesNeverShareAPort(t *testing.T) {
	t.Parallel()
	const children = 8
	type child struct {
		ports []string
		err   error
	}
	results := make(chan child, children)
	for range children {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "FREEPORT_CHILD=1")
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
		go func() {
			var c child
			lines := bufio.NewScanner(stdout)
			for lines.Scan() && lines.Text() != "done" {
				c.ports = append(c.ports, lines.Text())
			}
			c.err = lines.Err()
			results <- c
		}()
	}
	seen := map[string]bool{}
	for range children {
		c := <-results
		require.NoError(t, c.err)
		require.Len(t, c.ports, childPorts, "%v", c.ports)
		for _, p := range c.ports {
			require.False(t, seen[p], "port %s was given out twice", p)
			seen[p] = true
		}
	}
}

func TestReleaseGivesThePortBack(t *testing.T) {
	t.Parallel()
	port, err := freeport.Take()
	require.NoError(t, err)
	port.Release()
	port.Release()
}
