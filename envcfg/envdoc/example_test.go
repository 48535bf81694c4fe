package envdoc_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/envcfg/envdoc"
)

// Service is the configuration of a small service.
type Service struct {
	Port    int           `env:"PORT" default:"8000" check:"port" doc:"where HTTP is served"`
	Timeout time.Duration `env:"TIMEOUT" default:"30s" unit:"s"`
	Key     envcfg.Secret `env:"SECRET_KEY,required" doc:"signs cookies"`
}

func ExampleTemplate() {
	text, err := envdoc.Template[Service]()
	fmt.Print(text, err)
	// Output:
	// # Configuration. Copy to .env and fill in; what is commented out has the default shown, or the value of the environment's profile.
	//
	// # where HTTP is served
	// # whole number; port
	// # PORT=8000
	//
	// # duration like 30s, or a number of seconds
	// # TIMEOUT=30s
	//
	// # signs cookies
	// # required, text; secret; or SECRET_KEY_FILE with a path
	// SECRET_KEY=
	// <nil>
}

func ExampleMarkdown() {
	text, _ := envdoc.Markdown[Service]()
	fmt.Print(text)
	// Output:
	// # Configuration
	//
	// | Variable | Meaning | Values | Default |
	// |---|---|---|---|
	// | `PORT` | where HTTP is served | whole number; port | `8000` |
	// | `TIMEOUT` |  | duration like 30s, or a number of seconds | `30s` |
	// | `SECRET_KEY` | signs cookies | text; secret; or SECRET\_KEY\_FILE with a path | **required** |
}

func ExampleSchema() {
	text, err := envdoc.Schema[Service]()
	fmt.Println(len(text) > 0, err)
	// Output: true <nil>
}

func ExampleCheck() {
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	files := envdoc.Files{Template: filepath.Join(dir, ".env.example")}
	err := envdoc.Check[Service](files) // in CI
	fmt.Println(err != nil)
	fmt.Println(envdoc.Write[Service](files))
	fmt.Println(envdoc.Check[Service](files))
	// Output:
	// true
	// <nil>
	// <nil>
}

func ExampleFiles() {
	f := envdoc.Files{Template: ".env.example", Markdown: "docs/configuration.md"}
	fmt.Println(f.Template, f.Markdown)
	// Output: .env.example docs/configuration.md
}

func ExampleStaleError() {
	err := envdoc.Check[Service](envdoc.Files{Markdown: "testdata/no-such-file.md"})
	if e, ok := errors.AsType[*envdoc.StaleError](err); ok {
		fmt.Println(e.Path, e.Line)
	}
	// Output: testdata/no-such-file.md 0
}
