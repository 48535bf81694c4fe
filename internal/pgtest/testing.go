package pgtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

// RequireEnv names the environment variable that makes tests fail instead of being skipped when PostgreSQL is missing.
// CI does the same.
const RequireEnv = "PRODWRIGHT_REQUIRE_PG"

// TB is the part of testing.TB that is used here.
type TB interface {
	// These mean what they mean there.
	Helper()
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Cleanup(f func())
	Context() context.Context
	Errorf(format string, args ...any)
}

// New starts a server that ends with the test. Where PostgreSQL is not installed the test is skipped with the command
// that installs it; in CI it fails.
func New(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Start(tb.Context(), cfg)
	if err != nil {
		if maySkip(err) {
			tb.Skipf("%v", err)
		}
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("%v", err)
		}
	})
	return s
}

// Database makes a database that lives as long as the test and returns its URL.
func (s *Server) Database(tb TB) string {
	tb.Helper()
	name, err := s.CreateDatabase(tb.Context(), "")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := s.DropDatabase(context.Background(), name); err != nil {
			tb.Errorf("%v", err)
		}
	})
	return s.URL(name)
}

// Main starts a server for all tests of a package, gives it to use, runs the tests and closes it. It returns the exit
// code for os.Exit. Where PostgreSQL is not installed use gets nil and the tests run without, leaving out examples, which
// cannot be skipped; in CI that is a failure.
func Main(m interface{ Run() int }, cfg Config, use func(*Server)) int {
	s, err := Start(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if !maySkip(err) {
			return 1
		}
		use(nil)
		if run := flag.Lookup("test.run"); run != nil && run.Value.String() == "" {
			_ = run.Value.Set("^(Test|Fuzz)") // a plain string
		}
		return m.Run()
	}
	use(s)
	code := m.Run()
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// maySkip reports whether a missing program may be passed over.
func maySkip(err error) bool {
	var missing *NotFoundError
	return errors.As(err, &missing) && os.Getenv("CI") == "" && os.Getenv(RequireEnv) == ""
}
