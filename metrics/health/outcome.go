package health

import (
	"context"
	"errors"
	"runtime/debug"
)

// outcome is what one run of a check came to. The methods of its error are not ours and may panic, so they are called
// once, by the run, and never again.
type outcome struct {
	err    error
	text   string // of err
	status Status
	stack  []byte // of a panic
}

func outcomeOf(err error) outcome {
	if err == nil {
		return outcome{status: Pass}
	}
	o := outcome{err: err, text: err.Error(), status: Fail}
	if errors.As(err, new(*warning)) {
		o.status = Warning
	}
	if p := (*PanicError)(nil); errors.As(err, &p) {
		o.stack = p.Stack
	}
	return o
}

// call runs the check and turns a panic, also of the error that it returns, into a failure.
func (m *monitor) call(ctx context.Context) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o = outcomeOf(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	err := m.Func(ctx)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = &TimeoutError{Limit: m.Timeout}
	}
	return outcomeOf(err)
}
