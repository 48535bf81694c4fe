package pglog

import "errors"

// Errors of [Sink.Write].
var (
	// ErrFull is returned for a record that neither memory nor disk has room for. It was counted.
	ErrFull = errors.New("logging/pglog: the queue is full")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("logging/pglog: the sink is closed")
)
