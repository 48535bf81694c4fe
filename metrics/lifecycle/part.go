package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Phase says when a part stops.
type Phase uint8

// The phases in the order in which they stop. The drain window lies between Background and Server.
const (
	Worker     Phase = iota // finishes what servers handed to it; the default
	Background              // begins work by itself: schedulers, consumers, leaders
	Server                  // gets requests from outside
	Flush                   // sends what was collected: alerts, metrics, logs
	Close                   // what the others use: pools, files
)

// order is that of stopping.
var order = [...]Phase{Background, Server, Worker, Flush, Close}

// String returns the phase's name in lower case.
func (p Phase) String() string {
	switch p {
	case Worker:
		return "worker"
	case Background:
		return "background"
	case Server:
		return "server"
	case Flush:
		return "flush"
	case Close:
		return "close"
	}
	return fmt.Sprintf("phase %d", uint8(p))
}

// MarshalText encodes the phase's name.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Part is something that starts and stops. Each function may be nil, but not all.
type Part struct {
	// Name appears in reports and errors. Required and unique.
	Name string
	// Phase says when the part stops. Defaults to Worker.
	Phase Phase
	// Start returns when the part is ready for use. Its ctx ends with the start-up's time limit or a shutdown, so it
	// must not be kept. A Start that fails cleans up after itself: Stop is not called then. One that has not returned a
	// second after the end of its ctx (or half of the Budget, if that is less) is left behind; should it still succeed,
	// Stop is called as soon as it returns, if the process lives so long, for Run does not wait for that.
	Start func(ctx context.Context) error
	// Run does the part's work until ctx ends, which happens when it is the part's turn to stop. Returning nil earlier
	// means that the work is done; returning an error stops the whole group. Afterwards an error that is, under all
	// its wrapping, nothing but the cancellation is as good as nil, for that is what drivers return; what wraps it is
	// logged, because it may say what was lost. Anything else is a failure, also joined with the cancellation.
	Run func(ctx context.Context) error
	// Stop ends the part in order, before the context of Run ends. It should return when its ctx ends.
	Stop func(ctx context.Context) error
	// StopTimeout limits the stopping. Defaults to half of what is left of the budget, or all of it for the last part,
	// less the moment in which it may notice its deadline (a tenth, 250 ms at most); it is never more than that. What is
	// left does not contain the drain window before that has passed.
	StopTimeout time.Duration

	abandon func() // called instead of Start when that will not be called
}

func (p Part) validate() error {
	var errs []error
	if p.Name == "" {
		errs = append(errs, errors.New("lifecycle: a part needs a Name"))
	}
	if p.Start == nil && p.Run == nil && p.Stop == nil {
		errs = append(errs, fmt.Errorf("lifecycle: part %q has neither Start nor Run nor Stop", p.Name))
	}
	if p.Phase > Close {
		errs = append(errs, fmt.Errorf("lifecycle: part %q has an unknown %v", p.Name, p.Phase))
	}
	if p.StopTimeout < 0 {
		errs = append(errs, fmt.Errorf("lifecycle: StopTimeout of part %q is negative", p.Name))
	}
	return errors.Join(errs...)
}

// run is a part that was started.
type run struct {
	Part
	cancel  context.CancelFunc // ends the context of Run; nil without Run
	done    chan struct{}      // closed when Run has returned; nil without Run
	outcome error              // of Run; read after done
}
