package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Errors to test for with errors.Is.
var (
	// ErrAcquireTimeout is matched by an [*AcquireError] when AcquireTimeout passed.
	ErrAcquireTimeout = errors.New("no connection became free in time")
	// ErrSuspended is matched by an [*AcquireError] when the wait ended while the pool was suspended.
	ErrSuspended = errors.New("the pool is suspended")
	// ErrClosed is returned by methods of a closed [Pool].
	ErrClosed = errors.New("pool: the pool is closed")
)

// AcquireError tells why no connection could be acquired in time, and who had them. It matches [ErrAcquireTimeout] when
// the pool's own limit passed, [ErrSuspended] when the pool was suspended meanwhile, and always the context error that
// ended the wait: context.DeadlineExceeded or context.Canceled.
type AcquireError struct {
	Limit     time.Duration // the AcquireTimeout that passed; 0 when the caller's context ended the wait
	Suspended bool          // the pool was suspended when the wait ended
	Stats     Stats         // as the wait ended
	Holders   []Holder      // the longest holders, longest first, at most five

	connect error // the last failure to open a connection, when that is why none became free
	cause   error
}

// Error explains the state of the pool in one line.
func (e *AcquireError) Error() string {
	var b strings.Builder
	b.WriteString("pool: acquire: ")
	switch {
	case e.Limit > 0:
		fmt.Fprintf(&b, "%v: waited %v", ErrAcquireTimeout, e.Limit)
	default:
		b.WriteString(e.cause.Error() + " while waiting for a connection")
	}
	if e.Suspended {
		b.WriteString("; " + ErrSuspended.Error())
	}
	s := e.Stats
	fmt.Fprintf(&b, "; size %d+%d, in use %d, idle %d, connecting %d, waiting %d",
		s.Size, s.MaxConns-s.Size, s.CheckedOut, s.CheckedIn, s.Connecting, s.Waiting)
	if e.connect != nil {
		b.WriteString("; last attempt to connect: " + e.connect.Error())
	}
	for i, h := range e.Holders {
		if i == 0 {
			b.WriteString("; held longest by ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(h.String())
	}
	return b.String()
}

// Unwrap returns the context error and the sentinels that e matches.
func (e *AcquireError) Unwrap() []error {
	errs := []error{e.cause}
	if e.Limit > 0 {
		errs = append(errs, ErrAcquireTimeout)
	}
	if e.Suspended {
		errs = append(errs, ErrSuspended)
	}
	return errs
}

// CloseError is returned by [Pool.Close] when its context ended before everything was closed.
type CloseError struct {
	Holders    []Holder // who still held a connection, longest first
	Unfinished int      // connections that were just being opened or closed

	cause error
}

// Error names the holders and what else was waited for: a connection that a hook or the network keeps, or OnLeak.
func (e *CloseError) Error() string {
	var what []string
	if len(e.Holders) > 0 {
		names := make([]string, len(e.Holders))
		for i, h := range e.Holders {
			names[i] = h.String()
		}
		what = append(what, fmt.Sprintf("%d connections not returned, closed by force: %s", len(e.Holders), strings.Join(names, ", ")))
	}
	if e.Unfinished > 0 {
		what = append(what, fmt.Sprintf("%d connections being opened or closed", e.Unfinished))
	}
	if len(what) == 0 {
		what = []string{"OnLeak or the Logger still running"}
	}
	return fmt.Sprintf("pool: close: %v with %s", e.cause, strings.Join(what, "; "))
}

// Unwrap returns the context error that ended the wait.
func (e *CloseError) Unwrap() error { return e.cause }

// explain turns an error of the raw pool into the pool's own when it concerns the acquiring of a connection. pgxpool
// returns the bare context error only from an acquire; pgx and the pool's hooks wrap those of statements and hooks. A
// failure to connect explains it only if there were fewer than that when the acquire began.
func (p *Pool) explain(ctx context.Context, failures int64, err error) error {
	if err == nil {
		return nil
	}
	waited := err == context.DeadlineExceeded || err == context.Canceled //nolint:errorlint // see above
	if p.closing.Load() && (err.Error() == "closed pool" || ctx.Err() == nil && (waited || errors.Is(err, context.Canceled))) {
		return ErrClosed
	}
	if waited {
		return p.acquireError(ctx, failures, err)
	}
	if ce, ok := asType[*pgconn.ConnectError](err); ok {
		return p.target.connectError(ce)
	}
	return err
}

func (p *Pool) acquireError(ctx context.Context, failures int64, err error) *AcquireError {
	e := &AcquireError{Stats: p.Stats(), Holders: p.Holders(), Suspended: p.gate.Load() != nil, cause: err}
	e.Holders = e.Holders[:min(len(e.Holders), 5)]
	if ctx.Err() == nil {
		e.Limit = p.cfg.AcquireTimeout
	}
	if f := p.connectFailure.Load(); f != nil && f.number > failures {
		e.connect = p.target.connectError(f.err)
	}
	return e
}

// connectFailure is the last failed attempt to connect.
type connectFailure struct {
	number int64
	err    error
}

func (p *Pool) connectFailed(err error) {
	p.connectFailure.Store(&connectFailure{number: p.connectFailures.Add(1), err: err})
}

// asType is errors.As as an expression.
func asType[T error](err error) (T, bool) {
	var target T
	ok := errors.As(err, &target)
	return target, ok
}
