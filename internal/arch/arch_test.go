package arch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/arch"
)

func TestTheHouseIsInOrder(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	found, err := arch.Check(t.Context(), root, arch.Prodwright())
	require.NoError(t, err)
	for _, v := range found {
		t.Error(v)
	}
}

// nested is a package in a module of its own.
const nested = "// Package nested is below a.\npackage nested\n\nimport \"example.com/m/a\"\n\nconst x = a.Min\n"

// sound is a module without a violation, which the cases of [TestViolations] break.
var sound = map[string]string{
	"go.mod": "module example.com/m\n\ngo 1.26.0\n\nrequire (\n\texample.com/light v0.0.0\n\texample.com/heavy v0.0.0 // indirect\n)\n\n" +
		"replace (\n\texample.com/light => ./testdata/light\n\texample.com/heavy => ./testdata/heavy\n\tgithub.com/stretchr/testify => ./testdata/testify\n)\n",
	"testdata/light/go.mod":     "module example.com/light\n\ngo 1.26.0\n",
	"testdata/light/light.go":   "package light\n\n// X is.\nconst X = 1\n",
	"testdata/heavy/go.mod":     "module example.com/heavy\n\ngo 1.26.0\n",
	"testdata/heavy/heavy.go":   "package heavy\n\n// X is.\nconst X = 1\n",
	"testdata/testify/go.mod":   "module github.com/stretchr/testify\n\ngo 1.26.0\n",
	"testdata/testify/testi.go": "package testify\n\n// X is.\nconst X = 1\n",
	"a/a.go": `// Package a is good.
package a

import (
	_ "embed"
	"errors"
	"regexp"
	"slices"
	"time"
	"example.com/light"

	"example.com/m/internal/shared"
)

// ErrGone is a good error.
var ErrGone = errors.New("gone")

// Limits.
const (
	Min = 1
	Max = 2
)

//go:embed a.go
var text string

var (
	_       error = (*Problem)(nil)
	pattern       = regexp.MustCompile("x")
	order         = [...]string{"a", "b"}
	set           = map[string]bool{"a": true}
	names         = []string{"a"}
	point         = struct{ x, y int }{1, 2}
	zone          = time.UTC
)

// Problem is an error.
type Problem struct{ Undocumented, Fields int }

// Error says nothing.
func (p *Problem) Error() string { _ = light.X; return text + order[0] + pattern.String() + zone.String() + shared.Name() }

// Has reads.
func Has(s string) bool {
	order := order
	order[0] = s
	for range set {
	}
	return set[s] && slices.Contains(names, s) && len(append(order[:], names...)) > len(names)
}

// Doer does.
type Doer interface {
	// Do does it.
	Do()
}

// Config of a thing.
type Config struct {
	// Size in bytes.
	Size int
	// Low and High are limits.
	Low  int
	High int
	hidden int
}

type hidden struct{}

func (hidden) Exported() {}
`,
	"a/sub/sub.go":              "// Package sub is below a.\npackage sub\n\nimport _ \"embed\"\nimport \"example.com/m/a\"\n\n// X is a's.\nconst X = a.Min\n",
	"a/atest/suite.go":          "// Package atest is a conformance suite.\npackage atest\n\nimport \"testing\"\nimport \"example.com/m/a\"\n\n// Run tests.\nfunc Run(t *testing.T) { t.Log(a.Min) }\n",
	"b/b.go":                    "// Package b is another one.\npackage b\n\nimport \"example.com/m/b/part\"\n\nconst x = part.X\n",
	"b/deep/deep.go":            "// Package deep is below b.\npackage deep\n\n// X is one.\nconst X = 1\n",
	"b/part/part.go":            "// Package part is what b is made of.\npackage part\n\n// X is one.\nconst X = 1\n",
	"a/lifecycle/l.go":          "// Package lifecycle handles signals.\npackage lifecycle\n\nimport \"os/signal\"\n\n// X resets.\nfunc X() { signal.Reset() }\n",
	"env/e.go":                  "// Package env reads the environment.\npackage env\n\nimport \"os\"\n\n// X reads.\nfunc X() string { return os.Getenv(\"X\") }\n",
	"internal/shared/shared.go": "// Package shared is shared.\npackage shared\n\n// Name is one.\nfunc Name() string { return \"x\" }\n",
	"a/example_test.go":         "package a_test\n\nfunc ExampleProblem() {\n\t// Output:\n}\n\n// It needs a network.\nfunc ExampleDoer_Do() {}\n\nfunc ExampleConfig_zero() {\n\t// Output:\n}\n",
	"README.md":                 "# M\n\n```sh\nls\n```\n\n```go\nconst (\n\tMin = 1\n\tMax = 2\n)\n```\n\n~~~go\n// Problem is an error.\ntype Problem struct{ Undocumented, Fields int }\n~~~\n",
	"a/nested/go.mod": "module example.com/m/a/nested\n\ngo 1.26.0\n\nrequire (\n\texample.com/m v0.0.0\n\texample.com/light v0.0.0 // indirect\n\texample.com/heavy v0.0.0 // indirect\n\tgithub.com/stretchr/testify v0.0.0 // indirect\n)\n\n" +
		"replace (\n\texample.com/m => ../..\n\texample.com/light => ../../testdata/light\n\texample.com/heavy => ../../testdata/heavy\n\tgithub.com/stretchr/testify => ../../testdata/testify\n)\n",
	"a/nested/n.go": nested,
	"inward/go.mod": "module example.com/m/inward\n\ngo 1.26.0\n",
	"inward/i.go":   "// Package inward is nobody's requirement.\npackage inward\n\nimport _ \"example.com/m/internal/shared\"\n",
}

// policy is that of sound.
func policy() arch.Policy {
	return arch.Policy{
		Module: "example.com/m", Packages: []string{"a", "b", "env"},
		Requirements: map[string]string{"example.com/light": "light"},
		Modules:      map[string][]string{"a": {"example.com/light"}},
		Parts:        []string{"b/part"},
		Inward:       []string{"inward"}, Signals: []string{"a/lifecycle"}, Environment: []string{"env"},
		MaxLines: 80,
	}
}

// check writes the sound module with changes into a temporary directory and checks it.
func check(t *testing.T, changes map[string]string) []arch.Violation {
	t.Helper()
	root := t.TempDir()
	for _, files := range []map[string]string{sound, changes} {
		for name, text := range files {
			path := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		}
	}
	found, err := arch.Check(t.Context(), root, policy())
	require.NoError(t, err)
	return found
}

func TestSoundModuleHasNoViolation(t *testing.T) {
	t.Parallel()
	require.Empty(t, check(t, nil))
}

func TestViolations(t *testing.T) {
	t.Parallel()
	const b = "// Package b is broken.\npackage b\n\n"
	for name, tc := range map[string]struct {
		file, text string
		want       string // Violation.String, up to where it gets long
	}{
		"sibling":              {"b/b.go", b + `import _ "embed"; import "example.com/m/a"` + "\nconst x = a.Min\n", "b: layering: imports a;"},
		"sibling's child":      {"b/b.go", b + `import "example.com/m/a/sub"` + "\nconst x = sub.X\n", "b: layering: imports a/sub;"},
		"sibling, plan 9":      {"b/b_plan9.go", "package b\nimport \"example.com/m/a\"\nconst x = a.Min\n", "b: layering: imports a;"},
		"child":                {"a/lifecycle/l.go", "// Package lifecycle is.\npackage lifecycle\nimport \"example.com/m/a/lifecycle/deep\"\nconst x = deep.X\n", "a/lifecycle: layering: imports a/lifecycle/deep, which is below it"},
		"part":                 {"b/part/part.go", "// Package part is.\npackage part\nimport \"example.com/m/b/deep\"\n// X is.\nconst X = deep.X\n", "b/part: layering: imports b/deep, but is a part"},
		"internal to package":  {"internal/shared/x.go", "package shared\nimport \"example.com/m/b/c\"\nconst x = c.X\n", "internal/shared: layering: imports b/c;"},
		"conformance suite":    {"a/lifecycle/l.go", "// Package lifecycle is.\npackage lifecycle\nimport \"example.com/m/a/atest\"\nvar _ = atest.Run\n", "a/lifecycle: layering: imports the conformance suite a/atest"},
		"requirement":          {"go.mod", strings.Replace(sound["go.mod"], " // indirect", "", 1), "go.mod: modules: requires example.com/heavy,"},
		"said to be indirect":  {"a/sub/x_test.go", "package sub\nimport \"example.com/heavy\"\nvar _ = heavy.X\n", "go.mod: modules: requires example.com/heavy,"},
		"tool":                 {"go.mod", sound["go.mod"] + "\ntool example.com/heavy\n", "go.mod: modules: has the tool example.com/heavy"},
		"new top":              {"types/t.go", "// Package types is shared.\npackage types\n", "types: layering: is below none of the top-level packages"},
		"heavy module":         {"a/sub/x.go", "package sub\nimport \"example.com/heavy\"\nvar _ = heavy.X\n", "a/sub: modules: its build contains example.com/heavy,"},
		"heavy module, deep":   {"internal/shared/x.go", "package shared\nimport \"example.com/heavy\"\nconst y = heavy.X\n", "a: modules: its build contains example.com/heavy,"},
		"module for another":   {"b/b.go", b + "import \"example.com/light\"\nconst x = light.X\n", "b: modules: its build contains example.com/light,"},
		"nested looks inside":  {"a/nested/x.go", "package nested\n\nimport \"example.com/m/internal/shared\"\n\nfunc y() { shared.Name() }\n", "a/nested: modules: a nested module imports"},
		"nested sibling":       {"a/nested/x.go", "package nested\n\nimport \"example.com/m/b/c\"\n\nconst y = c.X\n", "a/nested: layering: imports b/c;"},
		"nested init":          {"a/nested/x.go", "package nested\n\nfunc init() {}\n", "a/nested/x.go:3: init: init runs"},
		"nested state":         {"a/nested/x.go", "package nested\n\nvar state = make(chan int)\n", "a/nested/x.go:3: state: the variable state is made"},
		"nested goroutine":     {"a/nested/x.go", "package nested\n\nfunc f() { go f() }\n", "a/nested/x.go:3: goroutines:"},
		"nested at the top":    {"types/go.mod", "module example.com/m/types\n\ngo 1.26.0\n", "types: layering: is below none"},
		"testing":              {"b/b.go", b + "import \"testing\"\nvar _ = testing.Short\n", "b: tests: its build contains testing"},
		"testing, deep":        {"internal/shared/x.go", "package shared\nimport \"testing/slogtest\"\nvar _ = slogtest.Run\n", "a/sub: tests: its build contains testing"},
		"testify":              {"a/x.go", "package a\nimport \"github.com/stretchr/testify\"\nconst y = testify.X\n", "a: tests: its build contains github.com/stretchr/testify"},
		"init":                 {"b/b.go", b + "func init() {}\n", "b/b.go:4: init: init runs"},
		"init elsewhere":       {"b/b_plan9.go", "package b\nfunc init() {}\n", "b/b_plan9.go:2: init: init runs"},
		"side effects":         {"b/b.go", b + "import _ \"net/http/pprof\"\n", "b/b.go:4: init: imports net/http/pprof for"},
		"exported variable":    {"b/b.go", b + "// Default is wrong.\nvar Default = 3\n", "b/b.go:5: state: everybody can change the variable Default"},
		"mutex":                {"b/b.go", b + "import \"sync\"\nvar mu sync.Mutex\n", "b/b.go:5: state: the variable mu is made to be changed"},
		"mutex in a struct":    {"b/b.go", b + "import \"sync\"\nvar cache struct{ sync.RWMutex; m map[string]int }\n", "b/b.go:5: state: the variable cache is made"},
		"atomic":               {"b/b.go", b + "import \"sync/atomic\"\nvar n atomic.Int64\n", "b/b.go:5: state: the variable n is made"},
		"channel":              {"b/b.go", b + "var c = make(chan int)\n", "b/b.go:4: state: the variable c is made"},
		"function":             {"b/b.go", b + "import \"time\"\nvar now = time.Now\n", "b/b.go:5: state: the variable now is made"},
		"pointer":              {"b/b.go", b + "type pool struct{ n int }\nvar shared = &pool{}\n", "b/b.go:5: state: the variable shared is made"},
		"assignment":           {"b/b.go", b + "var n int\nfunc set() { n = 1 }\n", "b/b.go:5: state: writes to the package's variable n"},
		"increment":            {"b/b.go", b + "var n int\nfunc set() { n++ }\n", "b/b.go:5: state: writes"},
		"element":              {"b/b.go", b + "var m = map[int][]int{}\nfunc set() { m[1][0] = 1 }\n", "b/b.go:5: state: writes"},
		"field":                {"b/b.go", b + "var s struct{ n int }\nfunc set() { (s).n += 1 }\n", "b/b.go:5: state: writes"},
		"delete":               {"b/b.go", b + "var m = map[int]int{}\nfunc set() { delete(m, 1) }\n", "b/b.go:5: state: writes"},
		"copy":                 {"b/b.go", b + "var s = []int{1}\nfunc set() { copy(s[:1], []int{2}) }\n", "b/b.go:5: state: writes"},
		"range":                {"b/b.go", b + "var n int\nfunc set() { for n = range 3 {} }\n", "b/b.go:5: state: writes"},
		"address":              {"b/b.go", b + "var n int\nfunc set() *int { return &n }\n", "b/b.go:5: state: writes"},
		"pointer method":       {"b/b.go", b + "import \"strings\"\nvar s strings.Builder\nfunc set() { s.WriteByte('x') }\n", "b/b.go:6: state: writes"},
		"error replaced":       {"b/b.go", b + "import \"io\"\nvar err = io.EOF\nfunc set() { err = nil }\n", "b/b.go:6: state: writes"},
		"interface":            {"b/b.go", b + "import \"sync\"\nvar mu sync.Locker = &sync.Mutex{}\n", "b/b.go:5: state: the variable mu is made"},
		"map of pointers":      {"b/b.go", b + "import \"sync/atomic\"\nvar n = map[string]*atomic.Int64{}\n", "b/b.go:5: state: the variable n is made"},
		"slice of maps":        {"b/b.go", b + "var n []map[int]int\n", "b/b.go:4: state: the variable n is made"},
		"struct with pointer":  {"b/b.go", b + "import \"sync\"\nvar s = struct{ m *sync.Map }{}\n", "b/b.go:5: state: the variable s is made"},
		"error with fields":    {"b/b.go", b + "// Default is.\nvar Default = &problem{}\ntype problem struct { N int }\nfunc (*problem) Error() string { return \"\" }\n", "b/b.go:5: state: everybody can change"},
		"alias":                {"b/b.go", b + "var m = map[int]int{}\nfunc set() { x := m; x[1] = 2 }\n", "b/b.go:5: state: gives away the package's variable m"},
		"argument":             {"b/b.go", b + "import \"slices\"\nvar s = []int{2, 1}\nfunc set() { slices.Sort(s[1:]) }\n", "b/b.go:6: state: gives away"},
		"result":               {"b/b.go", b + "var s = []int{2, 1}\nfunc get() []int { return (s) }\n", "b/b.go:5: state: gives away"},
		"sliced array":         {"b/b.go", b + "var a [4]int\nfunc set() { x := a[:]; x[0]++ }\n", "b/b.go:5: state: gives away"},
		"append":               {"b/b.go", b + "var a [4]int\nfunc set() { _ = append(a[:0], 7) }\n", "b/b.go:5: state: gives away"},
		"append to a slice":    {"b/b.go", b + "var s []int\nfunc set() { _ = append(s, 7) }\n", "b/b.go:5: state: gives away"},
		"another's variable":   {"b/b.go", b + "import \"net/http\"\nfunc set() { http.DefaultClient = nil }\n", "b/b.go:5: state: writes to the package's variable DefaultClient"},
		"another's field":      {"b/b.go", b + "import \"net/http\"\nfunc set() { http.DefaultClient.Timeout = 1 }\n", "b/b.go:5: state: writes"},
		"default logger":       {"b/b.go", b + "import \"log/slog\"\nfunc set() { slog.SetDefault(nil) }\n", "b/b.go:5: state: log/slog.SetDefault changes"},
		"default mux":          {"b/b.go", b + "import \"net/http\"\nfunc set() { http.HandleFunc(\"/\", nil) }\n", "b/b.go:5: state: net/http.HandleFunc changes"},
		"set environment":      {"b/b.go", b + "import \"os\"\nfunc set() { os.Clearenv() }\n", "b/b.go:5: state: os.Clearenv changes"},
		"goroutine":            {"b/b.go", b + "func x() { go func() {}() }\n", "b/b.go:4: goroutines: starts a goroutine"},
		"goroutine, plan 9":    {"b/b_plan9.go", "package b\nfunc x() { go func() {}() }\n", "b/b_plan9.go:2: goroutines:"},
		"goroutine of a group": {"b/b.go", b + "import \"sync\"\nfunc x(g *sync.WaitGroup) { g.Go(x2) }\nfunc x2() {}\n", "b/b.go:5: goroutines:"},
		"timer":                {"b/b.go", b + "import \"time\"\nfunc x() { time.AfterFunc(1, x) }\n", "b/b.go:5: goroutines:"},
		"initial call":         {"b/b.go", b + "func start() bool { return true }\nvar _ = start()\n", "b/b.go:5: init: a call that runs"},
		"initial closure":      {"b/b.go", b + "var n = func() int { return 1 }()\n", "b/b.go:4: init: a call that runs"},
		"signals":              {"b/b.go", b + "import \"os/signal\"\nfunc x() { signal.Notify(nil) }\n", "b/b.go:5: signals: signals belong"},
		"signals by context":   {"b/b.go", b + "import \"os/signal\"\nvar _, _ = signal.NotifyContext(nil)\n", "b/b.go:5: signals:"},
		"environment":          {"b/b.go", b + "import \"os\"\nvar home = os.Getenv(\"HOME\")\n", "b/b.go:5: environment: os.Getenv: take a Config"},
		"environment, deeper":  {"b/b.go", b + "import \"syscall\"\nfunc x() { syscall.Getenv(\"HOME\") }\n", "b/b.go:5: environment: syscall.Getenv"},
		"cgo":                  {"b/b_plan9.go", "package b\n\nimport \"C\"\n", "b/b_plan9.go:3: cgo: the package must build"},
		"linkname":             {"b/b.go", b + "import _ \"unsafe\"\n\n//go:linkname x os.Getenv\nvar x string\n", "b/b.go:6: linker: go:linkname"},
		"template":             {"b/b.go", b + "import \"text/template\"\nfunc x(*template.Template) {}\n", "b/b.go:4: linker: text/template keeps"},
		"MethodByName":         {"b/b.go", b + "import \"reflect\"\nfunc x(v reflect.Value) { v.MethodByName(\"X\") }\n", "b/b.go:5: linker: reflect's MethodByName"},
		"MethodByName of type": {"b/b.go", b + "import \"reflect\"\nfunc x(v reflect.Type) { v.MethodByName(\"X\") }\n", "b/b.go:5: linker:"},
		"Method by number":     {"b/b.go", b + "import \"reflect\"\nfunc x(v reflect.Value, i int) { v.Method(i) }\n", "b/b.go:5: linker: reflect's Method"},
		"package":              {"b/b.go", "package b\n", "b: docs: the package has no documentation"},
		"constant":             {"b/b.go", b + "const X = 1\n", "b/b.go:4: docs: X is not documented"},
		"type":                 {"b/b.go", b + "type X int\n", "b/b.go:4: docs: X is not documented"},
		"exported func":        {"b/b.go", b + "func X() {}\n", "b/b.go:4: docs: X is not documented"},
		"method":               {"b/b.go", b + "// X is.\ntype X[T any] struct{}\nfunc (*X[T]) Do() {}\n", "b/b.go:6: docs: Do is not documented"},
		"interface method":     {"b/b.go", b + "// X is.\ntype X interface { Do() }\n", "b/b.go:5: docs: X.Do is not documented"},
		"field of a Config":    {"b/b.go", b + "// Config is.\ntype Config struct {\n\t// A is.\n\tA int\n\n\tB int\n}\n", "b/b.go:9: docs: Config.B is not documented"},
		"undocumented, plan 9": {"b/b_plan9.go", "package b\nfunc X() {}\n", "b/b_plan9.go:2: docs: X is not documented"},
		"example":              {"b/b.go", b + "// X is.\ntype X int\n", "b/b.go:5: examples: X has no Example"},
		"example not run":      {"a/example_test.go", "package a_test\n\nfunc ExampleProblem() {}\n", "a/example_test.go:3: examples: ExampleProblem has no Output"},
		"example in a comment": {"a/example_test.go", "package a_test\n\n/*\nfunc ExampleProblem() {}\n*/\n", "a/a.go:38: examples: Problem has no Example"},
		"README, golang":       {"README.md", "# M\n\n~~~ golang\nx := 1\n~~~\n", `README.md: readme: the snippet that begins with "x := 1"`},
		"README, a comment":    {"README.md", "# M\n\n```go\n// Package b is another one.\npackage b\n```\n\n```go\nx := 7\n```\n", `README.md: readme: the snippet that begins with "x := 7"`},
		"README":               {"README.md", "# M\n\n```go\nx := 1\n```\n", `README.md: readme: the snippet that begins with "x := 1"`},
		"size":                 {"a/nested/long_test.go", "package nested\n" + strings.Repeat("\n", 80), "a/nested/long_test.go: size: has 81 lines, 80 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes := map[string]string{
				"b/c/c.go":              "// Package c is below b.\npackage c\n\n// X is.\nconst X = 1\n",
				"b/b_test.go":           "package b\n\n/*\nx := 7\n*/\nconst s = `\nx := 7\n`\n",
				"a/lifecycle/deep/d.go": "// Package deep is below.\npackage deep\n\n// X is.\nconst X = 1\n",
			}
			if name == "testify" {
				changes["go.mod"] = sound["go.mod"] + "\nrequire github.com/stretchr/testify v0.0.0 // indirect\n"
			}
			if name == "nested at the top" {
				changes["types/t.go"] = "// Package types is shared.\npackage types\n"
			}
			changes[tc.file] = tc.text
			found := check(t, changes)
			for _, v := range found {
				if strings.HasPrefix(v.String(), tc.want) {
					return
				}
			}
			t.Errorf("want %q, found %v", tc.want, found)
		})
	}
}

func TestModuleThatDoesNotBuild(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, err := arch.Check(t.Context(), root, policy())
	require.ErrorContains(t, err, "arch: ")
}
