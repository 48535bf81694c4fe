package pglog

import (
	"context"
	"strings"
)

type ownKey struct{}

// mark returns a context for the sink's own work.
func mark(ctx context.Context) context.Context { return context.WithValue(ctx, ownKey{}, true) }

// Own reports whether ctx belongs to a sink's own work on the pool of its host. A tracer of that pool that logs what it
// sees must not log that: every batch would make the records of the next one.
//
// Statements of a sink reach no tracer, because the sink speaks to PostgreSQL below them. What a tracer may still see is
// that a connection is acquired, made or tested.
func Own(ctx context.Context) bool { return ctx.Value(ownKey{}) != nil }

// ignored reports whether the records of a logger are not taken.
func (s *Sink) ignored(logger string) bool {
	for _, name := range s.cfg.Ignore {
		if rest, ok := strings.CutPrefix(logger, name); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
