package metrics

import (
	"context"
	"errors"
	"slices"
	"time"
)

// OutcomeLabel is the label that [Do] adds. Its values are success, error, canceled and panic.
const OutcomeLabel = "outcome"

// Do calls f and records how long it took, in seconds, in the histogram of that name with the label outcome: success,
// error, canceled for an error that is ctx's own, and panic, also for a goroutine that exits. It returns what f returns, and
// a panic goes on. The number of errors is the Count of the series outcome="error".
func Do(ctx context.Context, c Collector, name string, f func(context.Context) error, labels ...Label) error {
	begin, outcome := time.Now(), "panic"
	defer func() {
		all := slices.Concat(labels, []Label{{OutcomeLabel, outcome}})
		c.Histogram(name, all...).Observe(time.Since(begin).Seconds())
	}()
	err := f(ctx)
	switch {
	case err == nil:
		outcome = "success"
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		outcome = "canceled"
	default:
		outcome = "error"
	}
	return err
}

// Start begins to measure a time. The func that it returns observes it, in seconds:
//
//	defer metrics.Start(h)()
func Start(h Histogram) (stop func()) {
	begin := time.Now()
	return func() { h.Observe(time.Since(begin).Seconds()) }
}
