package kubetest

import (
	"context"
	"errors"
	"os"
)

// TB is the part of testing.TB that is used here.
type TB interface {
	// These mean what they mean there.
	Helper()
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(f func())
	Context() context.Context
}

// New starts a server that ends with the test, and shows the ends of its logs if that fails. Where a program is missing the test is
// skipped with the command that gets it; in CI it fails.
func New(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Start(tb.Context(), cfg)
	if err != nil {
		if missing := (*NotFoundError)(nil); errors.As(err, &missing) && os.Getenv("CI") == "" {
			tb.Skipf("%v", err)
		}
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("%s", s.LogTail(40))
		}
		if err := s.Close(); err != nil {
			tb.Errorf("%v", err)
		}
	})
	return s
}
