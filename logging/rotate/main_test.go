package rotate_test

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/logging/rotate"
)

// roleEnv makes the test binary one of the processes that write. What they are to do follows as arguments.
const roleEnv = "ROTATE_TEST_ROLE"

var roles = map[string]func(args []string) error{"lines": writeLines, "acknowledge": acknowledge, "full": writeFull}

func TestMain(m *testing.M) {
	if do, ok := roles[os.Getenv(roleEnv)]; ok {
		if err := do(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// child is the command of a process in a role.
func child(t *testing.T, role string, args ...any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = fmt.Sprint(arg)
	}
	cmd := exec.CommandContext(t.Context(), self, texts...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

func campaign(t *testing.T) {
	t.Helper()
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN to run it")
	}
}

func logPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "application.log")
}

func open(t *testing.T, path string, cfg rotate.Config) *rotate.File {
	t.Helper()
	f, err := rotate.Open(path, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// line makes a line that shows whether it is whole: the id, a checksum and some filling.
func line(id string, filling int) []byte {
	text := id + " " + strings.Repeat("x", filling)
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE([]byte(text)), text)
}

// idOf returns the id of a whole line.
func idOf(text []byte) (string, bool) {
	sum, rest, _ := bytes.Cut(bytes.TrimSuffix(text, []byte{'\n'}), []byte{' '})
	if string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(rest)) {
		return "", false
	}
	id, _, _ := strings.Cut(string(rest), " ")
	return id, true
}

// readBack returns how often each id is in the log, and how many lines are not whole.
func readBack(t *testing.T, path string) (ids map[string]int, corrupt int) {
	t.Helper()
	ids = map[string]int{}
	for text, err := range rotate.Lines(path) {
		require.NoError(t, err)
		if id, ok := idOf(text); ok {
			ids[id]++
		} else {
			corrupt++
		}
	}
	return ids, corrupt
}

// texts returns the lines of the log in order.
func texts(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	for text, err := range rotate.Lines(path) {
		require.NoError(t, err)
		out = append(out, string(text))
	}
	return out
}

// idsIn returns the ids of one file, in order.
func idsIn(t *testing.T, b rotate.Backup) []string {
	t.Helper()
	file, err := os.Open(b.Path)
	require.NoError(t, err)
	defer file.Close()
	var codec rotate.Codec = rotate.None{}
	if b.Ext != "" {
		codec = rotate.Gzip{}
	}
	r, err := codec.NewReader(file)
	require.NoError(t, err)
	defer r.Close()
	var ids []string
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if id, ok := idOf(s.Bytes()); ok {
			ids = append(ids, id)
		}
	}
	require.NoError(t, s.Err())
	return ids
}
