package health

import (
	"errors"
	"runtime/debug"
)

// errGoexit is the failure of code that ends its goroutine instead of returning.
var errGoexit = errors.New("the goroutine was ended instead of returning (runtime.Goexit)")

// contain calls f, which runs code that is not ours, on a goroutine of its own and waits for it, so that neither a panic
// nor runtime.Goexit gets out. It returns which of them there was.
func contain(f func()) error {
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
			done <- err
		}()
		f()
		err = nil
	}()
	return <-done
}
