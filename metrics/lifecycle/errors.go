package lifecycle

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// Errors of [Group.Ready], and of [Group.Add] and [Group.Run] when it is too late for them.
var (
	ErrStarting = errors.New("lifecycle: the service is starting")
	ErrDraining = errors.New("lifecycle: the service is draining")
	ErrShutdown = errors.New("lifecycle: the service has shut down")
	ErrRunning  = errors.New("lifecycle: the group was started before")
)

// SignalError is the cause of a shutdown by a signal.
type SignalError struct{ Signal os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "signal: " + e.Signal.String() }

// StepError is the failure of one part.
type StepError struct {
	Part   string
	Action string // "start", "run" or "stop"
	Err    error
}

// Error names the part.
func (e *StepError) Error() string {
	return fmt.Sprintf("lifecycle: %s %s: %v", e.Action, e.Part, e.Err)
}

// Unwrap returns the part's own error.
func (e *StepError) Unwrap() error { return e.Err }

// OverdueError says that a part did not stop in time and was left behind.
type OverdueError struct{ Limit time.Duration }

// Error says how long it was waited for.
func (e *OverdueError) Error() string {
	return fmt.Sprintf("did not stop within %v and was left behind", e.Limit.Round(time.Millisecond))
}

// PanicError is a panic of a part.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the value and the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// errGoexit is the failure of a part that ends its goroutine.
var errGoexit = errors.New("ended its goroutine instead of returning (runtime.Goexit)")

// contain calls f and hands its error to done, whatever f does instead of returning: a panic is a [*PanicError].
func contain(f func() error, done func(error)) {
	err := errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		done(err)
	}()
	err = f()
}
