package bench

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lineNumber is which line of which process it is.
type lineNumber struct{ process, line int }

// numbered makes a line that shows whether it is whole: a checksum, its number and some filling.
func numbered(process, line, filling int) []byte {
	text := fmt.Sprintf("%d %d %s", process, line, strings.Repeat("x", filling))
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE([]byte(text)), text)
}

// readable is what can be read of a log.
type readable struct {
	times   map[lineNumber]int // in how many backups it is
	corrupt int                // lines that are not whole
}

// readLog reads all that is in the files of a log, as a person would who has lost something: also what comes before the
// damage of a damaged one. A file that is there compressed and as it was counts once.
func readLog(t *testing.T, path string) readable {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	out := readable{times: map[lineNumber]int{}}
	backups := map[string]map[lineNumber]bool{}
	for _, e := range entries {
		base := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".tmp"), ".gz")
		if !strings.HasPrefix(base, "application") {
			continue
		}
		file, err := os.Open(filepath.Join(filepath.Dir(path), e.Name()))
		require.NoError(t, err)
		var from io.Reader = file
		if base != e.Name() {
			if from, err = gzip.NewReader(bufio.NewReader(file)); err != nil {
				from = strings.NewReader("")
			}
		}
		if backups[base] == nil {
			backups[base] = map[lineNumber]bool{}
		}
		out.corrupt += readNumbered(from, backups[base])
		file.Close()
	}
	for _, ids := range backups {
		for id := range ids {
			out.times[id]++
		}
	}
	return out
}

// readNumbered adds the whole lines to ids and returns how many are not. Errors end it: what came before counts.
func readNumbered(from io.Reader, ids map[lineNumber]bool) (corrupt int) {
	r := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := r.ReadBytes('\n')
		sum, rest, _ := bytes.Cut(bytes.TrimSuffix(text, []byte{'\n'}), []byte{' '})
		var id lineNumber
		if string(sum) == fmt.Sprintf("%08x", crc32.ChecksumIEEE(rest)) {
			if _, err := fmt.Sscan(string(rest), &id.process, &id.line); err == nil {
				ids[id] = true
			}
		} else if len(bytes.TrimSpace(text)) > 0 {
			corrupt++
		}
		if err != nil {
			return corrupt
		}
	}
}
