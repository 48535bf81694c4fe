package envcfg_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prodwright/prodwright/envcfg"
)

// Whatever is in the file: no panic, names that are names, positions that exist, and errors that do not repeat the text.
func FuzzParseDotenv(f *testing.F) {
	var cases []struct{ Text string }
	text, err := os.ReadFile("testdata/dialects.json")
	if err != nil {
		f.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		f.Fatal(err)
	}
	for i, c := range cases {
		f.Add(c.Text, uint8(i%4))
	}
	f.Fuzz(func(t *testing.T, text string, dialect uint8) {
		entries, err := envcfg.ParseDotenv(text, envcfg.Dialect(dialect%4), dialectLookup)
		lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r")
		total := 0
		for _, e := range entries {
			if e.Name == "" || strings.ContainsAny(e.Name, "= \t\n\"'#$") || e.Line < 1 || e.Line > lines {
				t.Errorf("entry %q in line %d", e.Name, e.Line)
			}
			if strings.ContainsRune(e.Value.Reveal(), 0) {
				t.Errorf("the value of %s has a NUL byte", e.Name)
			}
			total += len(e.Value.Reveal())
		}
		if total > len(text)+envcfg.MaxDotenvSize {
			t.Errorf("%d bytes became %d", len(text), total)
		}
		if err == nil {
			return
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			return
		}
		for _, e := range joined.Unwrap() {
			s, ok := errors.AsType[*envcfg.SyntaxError](e)
			if !ok || s.Line < 1 || s.Line > lines || s.Column < 1 || s.Column > len(text)+1 {
				t.Errorf("error %v", e)
			}
		}
	})
}

// What is quoted reads back.
func FuzzQuoteDotenv(f *testing.F) {
	for _, s := range []string{"", "a b", "'", `"`, "${A}", "\r\n", `\n`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) || len(value) > 1<<16 {
			return
		}
		entries, err := envcfg.ParseDotenv("A="+envcfg.QuoteDotenv(value)+" # end\nB=1", envcfg.Portable, nil)
		if err != nil || len(entries) != 2 || entries[0].Value.Reveal() != value {
			t.Errorf("%q became %v, %v", value, entries, err)
		}
	})
}

// Whatever is in the variables, Load returns a struct or a list of problems, and never half of one.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{"1", "true", "30s", "10MiB", "a=1,b=2", `{"a":1}`, "[1]", "https://a:b@c", "10.0.0.0/8", "Europe/Berlin", "9e99", "-1", "\xff", "NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var pairs []string
		for _, name := range []string{"S", "B", "I", "I8", "U", "F", "D", "DS", "SIZE", "NUM", "URL", "NET", "ZONE", "LIST", "INTS", "MAP", "JSON", "BYTES", "HEX", "P"} {
			pairs = append(pairs, "FUZZ_"+name+"="+text)
		}
		c, err := envcfg.Load[everything](envcfg.Options{Environ: pairs, Files: []string{}})
		if err == nil {
			return
		}
		problems, ok := errors.AsType[*envcfg.Error](err)
		if !ok || len(problems.Problems) == 0 || c.S != "" || c.I != 0 || c.D != 0 || c.List != nil {
			t.Errorf("%v, %v", c, err)
		}
	})
}

// The duration notation of this package never disagrees with Go's own.
func FuzzDuration(f *testing.F) {
	f.Add("1h30m")
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := time.ParseDuration(strings.TrimSpace(text))
		c, err := envcfg.Load[everything](envcfg.Options{Environ: []string{"FUZZ_D=" + text}, Files: []string{}})
		if wantErr == nil && text != "" && strings.TrimSpace(text) != "-1" && (err != nil || c.D != want) {
			t.Errorf("%q: %v, %v; want %v", text, c.D, err, want)
		}
	})
}

// The reader of tags agrees with reflect's.
func FuzzParseTag(f *testing.F) {
	f.Add(`env:"A,required" default:"a\"b"`)
	f.Add(`json:"x" env:"A"`)
	f.Add(`env:"A`)
	f.Fuzz(func(t *testing.T, text string) {
		name, def, hasDefault, ok := envcfg.ParseTag(text)
		if !ok || !utf8.ValidString(text) { // reflect replaces what is not UTF-8
			return
		}
		want, _, _ := strings.Cut(reflect.StructTag(text).Get("env"), ",")
		wantDef, wantHas := reflect.StructTag(text).Lookup("default")
		if strings.Count(text, "env:") == 1 && name != want || strings.Count(text, "default:") == 1 && (def != wantDef || hasDefault != wantHas) {
			t.Errorf("%s: %q %q %v, want %q %q %v", text, name, def, hasDefault, want, wantDef, wantHas)
		}
	})
}
