// Package demo is what the examples share: a database to work on, and a verdict to end with.
package demo

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"sync"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// Main runs an example and ends the process: with status 0 when every claim held, else 1. With -json it prints one JSON
// object, without it one line per claim and figure; logs go to standard error. Flags of the example's own must be defined
// before.
func Main(run func(ctx context.Context, v *Verdict) error) {
	asJSON := flag.Bool("json", false, "print the verdict as one JSON object")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	v := &Verdict{}
	if err := run(context.Background(), v); err != nil {
		v.Claimf(false, "%v", err)
	}
	if !v.Print(os.Stdout, *asJSON) {
		os.Exit(1)
	}
}

// Claim is something that an example says and shows.
type Claim struct {
	Text string `json:"claim"`
	OK   bool   `json:"ok"`
}

// Verdict collects claims and figures. The zero value is ready to use, and safe for concurrent use.
type Verdict struct {
	mu      sync.Mutex
	claims  []Claim
	figures map[string]any
	order   []string
}

// Claimf notes a claim and whether it held.
func (v *Verdict) Claimf(ok bool, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.claims = append(v.claims, Claim{fmt.Sprintf(format, args...), ok})
}

// Figure notes a figure. A name that is noted twice keeps the second value.
func (v *Verdict) Figure(name string, value any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.figures == nil {
		v.figures = make(map[string]any)
	}
	if _, known := v.figures[name]; !known {
		v.order = append(v.order, name)
	}
	v.figures[name] = value
}

// OK says whether there was a claim and every one held.
func (v *Verdict) OK() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.claims {
		if !c.OK {
			return false
		}
	}
	return len(v.claims) > 0
}

// Print writes the verdict and returns OK.
func (v *Verdict) Print(w io.Writer, asJSON bool) bool {
	ok := v.OK()
	v.mu.Lock()
	defer v.mu.Unlock()
	if asJSON {
		all := map[string]any{"ok": ok, "claims": v.claims}
		maps.Copy(all, v.figures)
		text, err := json.Marshal(all)
		if err != nil {
			slog.Error("demo: a figure cannot be encoded", "error", err)
			return false
		}
		fmt.Fprintf(w, "%s\n", text)
		return ok
	}
	for _, name := range v.order {
		text, err := json.Marshal(v.figures[name])
		if err != nil {
			slog.Error("demo: a figure cannot be encoded", "figure", name, "error", err)
			return false
		}
		fmt.Fprintf(w, "%-22s %s\n", name, text)
	}
	for _, c := range v.claims {
		fmt.Fprintf(w, "%-5s %s\n", map[bool]string{true: "ok", false: "FAIL"}[c.OK], c.Text)
	}
	return ok
}

// Database returns the URL of the database to use: DATABASE_URL, or one on a server that is started for this run and
// stopped by stop.
func Database(ctx context.Context) (url string, stop func(), err error) {
	if url := os.Getenv("DATABASE_URL"); url != "" {
		return url, func() {}, nil
	}
	server, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		return "", nil, err
	}
	return server.URL("postgres"), func() { _ = server.Close() }, nil
}
