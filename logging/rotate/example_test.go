package rotate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/prodwright/prodwright/logging/rotate"
)

// inTemp calls a func with the path of a log in a directory that is removed afterwards.
func inTemp(do func(path string)) {
	dir, err := os.MkdirTemp("", "rotate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	do(filepath.Join(dir, "application.log"))
}

func ExampleFile() {
	inTemp(func(path string) {
		f, err := rotate.Open(path, rotate.Config{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Fprintln(f, `{"message":"one"}`)
		fmt.Println(f.Rotate())
		fmt.Fprintln(f, `{"message":"two"}`)
		fmt.Println(f.Close())
		for line, err := range rotate.Lines(path) {
			fmt.Println(string(line), err)
		}
	})
	// Output:
	// <nil>
	// <nil>
	// {"message":"one"} <nil>
	// {"message":"two"} <nil>
}

func ExampleConfig() {
	fmt.Println(rotate.Config{MaxBytes: 10, Backups: -2}.Validate())
	// Output:
	// MaxBytes is 10: must be at least 1024, or -1 for no limit
	// Backups is -2: must be positive, or -1 for all
}

func ExampleBackup() {
	inTemp(func(path string) {
		f, err := rotate.Open(path, rotate.Config{Codec: rotate.None{}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Fprintln(f, "one")
		_ = f.Rotate()
		fmt.Fprintln(f, "and two")
		_ = f.Close()
		files, err := rotate.Backups(path)
		for _, b := range files {
			fmt.Println(b.Live(), b.Size)
		}
		fmt.Println(err)
	})
	// Output:
	// false 4
	// true 8
	// <nil>
}

func ExampleStats() {
	inTemp(func(path string) {
		f, err := rotate.Open(path, rotate.Config{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Fprintln(f, "one")
		_ = f.Rotate()
		_ = f.Close()
		s := f.Stats()
		fmt.Println(s.Lines, s.Bytes, s.Rotations, s.Errors)
	})
	// Output: 1 4 1 0
}

func ExampleError() {
	inTemp(func(path string) {
		_, err := rotate.Open(filepath.Dir(path), rotate.Config{}) // a directory
		failure, ok := errors.AsType[*rotate.Error](err)
		fmt.Println(ok, failure.Op, failure.Err)
	})
	// Output: true open not a regular file; write to consoles and pipes without rotation
}

func ExamplePeriod() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	t := time.Date(2026, 3, 29, 12, 0, 0, 0, berlin) // the clocks changed in the morning
	for _, p := range []rotate.Period{rotate.Hourly, rotate.Daily, rotate.Weekly, rotate.Monthly} {
		fmt.Println(p, p.Next(t, berlin))
	}
	// Output:
	// hourly 2026-03-29 13:00:00 +0200 CEST
	// daily 2026-03-30 00:00:00 +0200 CEST
	// weekly 2026-03-30 00:00:00 +0200 CEST
	// monthly 2026-04-01 00:00:00 +0200 CEST
}

func ExampleCodec() {
	var c rotate.Codec = rotate.Gzip{Level: 9}
	fmt.Println(c.Ext())
	// Output: .gz
}

func ExampleGzip() {
	var b bytes.Buffer
	w, err := rotate.Gzip{}.NewWriter(&b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(w, "hello")
	_ = w.Close()
	r, err := rotate.Gzip{}.NewReader(&b)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(r)
	fmt.Println(string(text), err)
	// Output: hello <nil>
}

func ExampleNone() {
	fmt.Printf("%q\n", rotate.None{}.Ext())
	// Output: ""
}
