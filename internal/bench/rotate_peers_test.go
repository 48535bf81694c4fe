package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/DeRuina/timberjack"
	"github.com/stretchr/testify/require"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/prodwright/prodwright/logging/rotate"
)

// logWriters open a log file that rotates at 1 MiB, which is the least that the peers can, compresses with gzip, and keeps all.
// The first one is ours.
func logWriters() []logWriter {
	return []logWriter{
		{"rotate", func(path string) (io.WriteCloser, error) {
			return rotate.Open(path, rotate.Config{MaxBytes: 1 << 20, Backups: -1, CloseWait: -1})
		}},
		{"lumberjack", func(path string) (io.WriteCloser, error) {
			return &lumberjack.Logger{Filename: path, MaxSize: 1, Compress: true}, nil
		}},
		{"timberjack", func(path string) (io.WriteCloser, error) {
			return &timberjack.Logger{Filename: path, MaxSize: 1, Compression: "gzip"}, nil
		}},
	}
}

type logWriter struct {
	name string
	open func(path string) (io.WriteCloser, error)
}

// writerEnv makes the test binary one of the processes that write through the writer of that name.
const writerEnv = "BENCH_TEST_WRITER"

func TestMain(m *testing.M) {
	if name := os.Getenv(writerEnv); name != "" {
		if err := writeShared(name, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeShared opens the log, says so, waits for the end of its input, writes lines and says which were refused: path, number of
// the process, number of lines, filling of each. Compression gets the time that it needs, although not every Close waits for it.
func writeShared(name string, args []string) error {
	path := args[0]
	var numbers [3]int
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[i+1]); err != nil {
			return err
		}
	}
	process, lines, filling := numbers[0], numbers[1], numbers[2]
	var w io.WriteCloser
	for _, writer := range logWriters() {
		if writer.name == name {
			var err error
			if w, err = writer.open(path); err != nil {
				return err
			}
		}
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	refused := bufio.NewWriter(os.Stdout)
	for i := range lines {
		if _, err := w.Write(numbered(process, i, filling+i%150)); err != nil {
			fmt.Fprintln(refused, i)
		}
	}
	if err := refused.Flush(); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return still(filepath.Dir(path))
}

// shared is what remains of lines that several processes wrote to one file.
type shared struct{ acknowledged, lost, corrupt, twice int }

func (s shared) percent() float64 { return 100 * float64(s.lost) / float64(max(s.acknowledged, 1)) }

// writeTogether lets processes write to one file at the same time.
func writeTogether(t *testing.T, writer string, processes, lines, filling int) shared {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "application.log")
	type process struct {
		cmd   *exec.Cmd
		start io.Closer
		says  *bufio.Scanner
	}
	var all []process
	for i := range processes {
		cmd := exec.CommandContext(t.Context(), self, path, strconv.Itoa(i), strconv.Itoa(lines), strconv.Itoa(filling))
		cmd.Env = append(os.Environ(), writerEnv+"="+writer)
		cmd.Stderr = os.Stderr
		start, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		says := bufio.NewScanner(out)
		require.True(t, says.Scan(), "it says that it is ready")
		all = append(all, process{cmd, start, says})
	}
	for _, p := range all {
		require.NoError(t, p.start.Close())
	}
	refused := map[lineNumber]bool{}
	for i, p := range all {
		for p.says.Scan() {
			n, err := strconv.Atoi(p.says.Text())
			require.NoError(t, err)
			refused[lineNumber{i, n}] = true
		}
		require.NoError(t, p.cmd.Wait())
	}
	found := readLog(t, path)
	out := shared{corrupt: found.corrupt}
	for i := range processes {
		for n := range lines {
			id := lineNumber{i, n}
			if !refused[id] {
				out.acknowledged++
				if found.times[id] == 0 {
					out.lost++
				}
			}
			if found.times[id] > 1 {
				out.twice++
			}
		}
	}
	return out
}

// TestRotatePeersProcesses is the short form of the campaign. That peers lose lines is not required of them.
func TestRotatePeersProcesses(t *testing.T) {
	for _, w := range logWriters() {
		t.Run(w.name, func(t *testing.T) { togetherRuns(t, w.name, 1, 2, 2000, 1000) })
	}
}

// TestCampaignRotatePeersProcesses lets 8 processes write 20,000 lines each, ten times: ours loses none.
func TestCampaignRotatePeersProcesses(t *testing.T) {
	campaign(t)
	for _, w := range logWriters() {
		t.Run(w.name, func(t *testing.T) { togetherRuns(t, w.name, campaignRuns, 8, 20_000, 20) })
	}
}

func togetherRuns(t *testing.T, writer string, runs, processes, lines, filling int) {
	t.Helper()
	lossy := 0
	low, high := 100.0, 0.0
	for run := range runs {
		s := writeTogether(t, writer, processes, lines, filling)
		t.Logf("run %2d: %6d of %d acknowledged lines lost (%.1f %%), %d corrupt, %d twice", run+1, s.lost, s.acknowledged, s.percent(), s.corrupt, s.twice)
		if s.lost > 0 {
			lossy++
		}
		low, high = min(low, s.percent()), max(high, s.percent())
		if writer == "rotate" {
			require.Equal(t, shared{acknowledged: processes * lines}, s)
		}
	}
	t.Logf("%s lost lines in %d of %d runs, %.1f to %.1f %%", writer, lossy, runs, low, high)
}

// campaignRuns is how often a campaign is repeated.
const campaignRuns = 10

func campaign(t *testing.T) {
	t.Helper()
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN to run it")
	}
}

// still waits until nothing happens in a directory any more.
func still(dir string) error {
	for before := ""; ; time.Sleep(time.Second) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		var now strings.Builder
		for _, e := range entries {
			if info, err := e.Info(); err == nil { // it may be gone meanwhile
				fmt.Fprintln(&now, e.Name(), info.Size())
			}
		}
		if now.String() == before {
			return nil
		}
		before = now.String()
	}
}
