package pglog_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/pglog"
)

// childEnv makes the test binary a process that logs until it is killed: URL, directory, and whether it is durable, and the first number.
const childEnv = "PGLOG_TEST_CHILD"

// child logs records and says which of them are safe.
func child() bool {
	url, rest, ok := strings.Cut(os.Getenv(childEnv), "|")
	if !ok {
		return false
	}
	dir, rest, _ := strings.Cut(rest, "|")
	durable, first, _ := strings.Cut(rest, "|")
	from, _ := strconv.Atoi(first)
	s, err := pglog.Open(context.Background(), pglog.Config{
		URL: pglog.NewSecret(url), Level: "DEBUG", SpillDir: dir, Durable: durable == "durable", RetryMax: 50 * time.Millisecond,
		BatchInterval: 5 * time.Millisecond, SegmentBytes: 32 << 10, BatchRows: 100,
	})
	if err != nil {
		fmt.Println(err)
		return true
	}
	for n := from; ; n++ {
		if err := s.Write(numbered(n, zapcore.InfoLevel)); err != nil {
			fmt.Println(err)
			return true
		}
		switch {
		case durable == "durable":
			fmt.Println(n)
		case n%50 == 49:
			if err := s.Sync(context.Background()); err != nil {
				fmt.Println(err)
				return true
			}
			fmt.Println(n)
		}
		if n%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// The process is killed with kill -9 again and again, with the database up, down, and going down. Everything that it said
// is safe is stored, once, by the process that comes after it.
func TestProcessIsKilled(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"durable", "synced"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			srv := server(t)
			dir := t.TempDir()
			require.NoError(t, pglog.Migrate(t.Context(), connect(t, srv.URL("postgres")), pglog.Config{}))
			for round := range 4 {
				execute(t, srv.URL("postgres"), "truncate application_logs")
				if round == 1 {
					require.NoError(t, srv.Kill())
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), childEnv+"="+srv.URL("postgres")+"|"+dir+"|"+mode)
				out, err := cmd.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				lines, safe := bufio.NewScanner(out), -1
				for lines.Scan() {
					_, err := fmt.Sscan(lines.Text(), &safe)
					require.NoError(t, err, lines.Text())
					if round == 2 && safe >= 1000 && srv.PID() != 0 {
						require.NoError(t, srv.Kill())
					}
					if safe >= 3000+round*77 {
						require.NoError(t, cmd.Process.Kill())
					}
				}
				_ = cmd.Wait()
				require.NoError(t, srv.Start(t.Context()))

				s := open(t, srv.URL("postgres"), pglog.Config{SpillDir: dir})
				eventually(t, "the spill is stored", func() bool { return s.Stats().SpillFiles == 0 })
				closed(t, s)
				url := srv.URL("postgres")
				rows := query[int64](t, url, "select count(*) from application_logs")
				require.Equal(t, rows, query[int64](t, url, "select count(distinct extra_data->>'n') from application_logs"), "duplicates in round %d", round)
				require.Equal(t, int64(safe+1), query[int64](t, url, "select count(*) from application_logs where (extra_data->>'n')::int <= $1", safe), "round %d", round)
				require.Zero(t, s.Stats().Corrupt)
			}
		})
	}
}

// Two processes share a directory, in an outage, and are killed one after the other. A third one stores what both said is safe.
func TestProcessesThatShareADirectoryAreKilled(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url, dir := srv.URL("postgres"), t.TempDir()
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	require.NoError(t, srv.Kill())
	const second = 1_000_000
	safe := [2]int{-1, -1}
	var all sync.WaitGroup
	for i, mode := range []string{"durable", "synced"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+url+"|"+dir+"|"+mode+"|"+strconv.Itoa(i*second))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		all.Go(func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if _, err := fmt.Sscan(lines.Text(), &safe[i]); err != nil {
					t.Error(lines.Text())
				}
				if safe[i] >= i*second+1500 {
					_ = cmd.Process.Kill() // again and again, until its output ends
				}
			}
			_ = cmd.Wait()
		})
	}
	all.Wait()
	require.NoError(t, srv.Start(t.Context()))
	s := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "the spill is stored", func() bool { return s.Stats().SpillFiles == 0 })
	closed(t, s)
	require.Equal(t, query[int64](t, url, "select count(*) from application_logs"), query[int64](t, url, "select count(distinct extra_data->>'n') from application_logs"))
	for i := range safe {
		require.Equal(t, int64(safe[i]+1-i*second), query[int64](t, url, "select count(*) from application_logs where (extra_data->>'n')::int between $1 and $2", i*second, safe[i]))
	}
	require.Zero(t, s.Stats().Corrupt)
}
