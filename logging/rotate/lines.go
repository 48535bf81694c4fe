package rotate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
)

// maxLine is the longest line that is read in one piece.
const maxLine = 64 << 20

// ErrLongLine is what [Lines] yields for a line of more than 64 MiB, instead of the line.
var ErrLongLine = errors.New("line of more than 64 MiB")

// Lines reads the log at path, from the oldest backup to the end of the live file as it is when that is reached, while others write
// and rotate. Gzip is known; other codecs have to be given. It yields each line without its newline, and leaves out blank ones. A
// line is valid until the next one. Of a write that failed or was interrupted there may be an unfinished line, also at the end
// of a file; it is yielded like others.
//
// A file that is damaged yields the lines before the damage and an [*Error], and the next file is read. Backups that retention
// deletes in the meantime are left out. Lines that are written to a file that was rotated while it is read may be missed. When
// no file is there it yields nothing.
func Lines(path string, codecs ...Codec) iter.Seq2[[]byte, error] {
	codecs = append(slices.Clone(codecs), Gzip{})
	exts := make([]string, len(codecs))
	for i, c := range codecs {
		exts[i] = c.Ext()
	}
	return func(yield func([]byte, error) bool) {
		target, err := resolve(path)
		if err != nil {
			yield(nil, fail("list", path, err))
			return
		}
		live, files, err := scan(target, exts...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer closeFile(live)
		for _, b := range files {
			var err error
			var more bool
			if b.Live() {
				more, err = readLines(live, yield)
			} else {
				more, err = readBackup(target, b, exts, codecs, yield)
			}
			if err != nil && more {
				more = yield(nil, fail("read", b.Path, err))
			}
			if !more {
				return
			}
		}
	}
}

// readBackup yields the lines of a rotated file in whatever form it is there now.
func readBackup(path string, b Backup, exts []string, codecs []Codec, yield func([]byte, error) bool) (more bool, err error) {
	file, err := openRegular(b.Path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) { // compressed, or deleted
		now, err := listed(path, exts)
		if err != nil {
			return true, err
		}
		i := slices.IndexFunc(now, func(n Backup) bool { return n.Rotated.Equal(b.Rotated) })
		if i < 0 {
			return true, nil
		}
		b = now[i]
		if file, err = openRegular(b.Path, os.O_RDONLY, 0); errors.Is(err, fs.ErrNotExist) {
			return true, nil
		} else if err != nil {
			return true, err
		}
	} else if err != nil {
		return true, err
	}
	defer file.Close()
	if b.Ext == "" {
		return readLines(file, yield)
	}
	i := slices.Index(exts, b.Ext)
	if i < 0 {
		return true, fail("read", b.Path, errors.New("no codec given for "+b.Ext))
	}
	r, err := codecs[i].NewReader(bufio.NewReaderSize(file, 64<<10))
	if err != nil {
		return true, err
	}
	defer r.Close()
	return readLines(r, yield)
}

// readLines yields lines until the end or an error.
func readLines(from io.Reader, yield func([]byte, error) bool) (more bool, err error) {
	r := bufio.NewReaderSize(from, 64<<10)
	var long []byte // the beginning of a line that the buffer is too small for
	tooLong := false
	for {
		part, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if tooLong = tooLong || len(long)+len(part) > maxLine; tooLong {
				long = long[:0]
			} else {
				long = append(long, part...)
			}
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return true, err // what is before is not a line
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		switch {
		case tooLong:
			more = yield(nil, ErrLongLine)
		case len(bytes.TrimSpace(line)) > 0:
			more = yield(line, nil)
		default:
			more = true
		}
		if !more || err != nil {
			return more, nil //nolint:nilerr // that was the end
		}
		long, tooLong = long[:0], false
		if cap(long) > 1<<20 {
			long = nil
		}
	}
}
