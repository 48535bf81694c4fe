package metrics

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// RatePerHour returns a func, as [Registry.Query] does, that reads by how much a counter grew in the last window, or how many
// values a histogram had, per hour. It is for what depends on people: registrations, orders.
//
//	schedule, _ := metrics.ParseSchedule("Mon-Fri 09:00-18:00 Europe/Berlin")
//	registrations := registry.RatePerHour("registrations", time.Hour, schedule)
//
// A silence that is no alarm is no data. So the error is [ErrNoData], wrapped, with the reason, until as much as the window
// is known after a start, and unless everything that the figure is of, which is [Summary].Covered, is within the schedule: with a
// window of an hour the first figure of the day above is of about ten o'clock.
//
// That nothing happened is data, and is 0: also when no series has the labels, as long as there is the metric. There is one when
// its handle was got, or when [Registry.Describe] was told what it is; do that at the start, or a counter whose first event
// never comes is no data for ever.
//
// The window is at most [MaxWindow] and should be shorter than the schedule by an hour; 0 is an hour. Other errors than
// ErrNoData say that the window or the schedule cannot be, or that [Config].MaxIdle is not longer than the window by a step: series
// may be gone then that the figure is of.
func (r *Registry) RatePerHour(name string, window time.Duration, schedule Schedule, match ...Label) func(context.Context) (float64, error) {
	q := newBusinessQuery(name, window, schedule, match)
	return func(context.Context) (float64, error) {
		now, _, err := r.ask(q)
		if err != nil {
			return 0, err
		}
		rate, ok := now.Value(Rate)
		if !ok {
			return 0, fmt.Errorf("%w: the %s %s has no rate", ErrNoData, now.Kind, now.Name)
		}
		return rate * time.Hour.Seconds(), nil
	}
}

// Comparison is a figure of the last window beside that of a window some time before, such as of the same hour yesterday.
type Comparison struct {
	Figure Aggregate `json:"figure"`
	Now    Summary   `json:"now"`
	// Before is of at least the window, in whole steps, see [Summary]: it begins and ends less than one step from where it should.
	Before Summary `json:"before"`
	// Ratio is the figure now to that before: 1 when nothing has changed. A count, a sum and an increase are in proportion to what
	// is covered. It is nil when there was nothing before.
	Ratio *float64 `json:"ratio"`
}

// Compare compares a figure of the last window with that of the window which ended some time ago. A window of 0 is an hour, an
// ago of 0 is a day. ago is at least the window, and both together are at most [MaxAgo].
//
// The error is [ErrNoData], wrapped, with the reason, when one of the two windows is not wholly known, or has no such figure.
// That a counter did not grow is known. Other errors say that the windows cannot be, or that [Config].MaxIdle is not longer than
// both together by a step.
func (r *Registry) Compare(name string, figure Aggregate, window, ago time.Duration, match ...Label) (Comparison, error) {
	return r.compare(newBusinessQuery(name, window, Schedule{}, match).since(figure, ago))
}

// QueryRatio returns a func, as [Registry.Query] does, that reads the Ratio of a [Comparison]: 0.5 is half of what it was. Its
// error is [ErrNoData], wrapped, also when there was nothing before, and unless both windows are within the schedule; other errors are
// those of Compare.
//
//	orders := registry.QueryRatio("orders", metrics.Rate, time.Hour, 24*time.Hour, schedule)
func (r *Registry) QueryRatio(name string, figure Aggregate, window, ago time.Duration, schedule Schedule, match ...Label) func(context.Context) (float64, error) {
	q := newBusinessQuery(name, window, schedule, match).since(figure, ago)
	return func(context.Context) (float64, error) {
		c, err := r.compare(q)
		switch {
		case err != nil:
			return 0, err
		case c.Ratio == nil:
			return 0, fmt.Errorf("%w: the %s of %s was 0 %v ago", ErrNoData, figure, c.Now.Name, q.ago)
		}
		return *c.Ratio, nil
	}
}

func (r *Registry) compare(q businessQuery) (Comparison, error) {
	now, before, err := r.ask(q)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Figure: q.figure, Now: now, Before: before}
	a, ok := now.Value(q.figure)
	if !ok {
		return Comparison{}, fmt.Errorf("%w: the %s %s has no %s in the last %v", ErrNoData, now.Kind, now.Name, q.figure, q.window)
	}
	b, ok := before.Value(q.figure)
	if !ok {
		return Comparison{}, fmt.Errorf("%w: the %s %s has no %s of %v ago", ErrNoData, now.Kind, now.Name, q.figure, q.ago)
	}
	if q.figure == Count || q.figure == Sum || q.figure == Increase {
		b *= now.Covered.Seconds() / before.Covered.Seconds()
	}
	if b != 0 {
		ratio := a / b
		if math.IsInf(ratio, 0) || math.IsNaN(ratio) || math.IsInf(b, 0) {
			return Comparison{}, fmt.Errorf("%w: the %s of %s, %v after %v, has no ratio", ErrNoData, q.figure, now.Name, a, b)
		}
		c.Ratio = &ratio
	}
	return c, nil
}

// businessQuery asks for the last window, and for the one that ended some time ago, unless that is 0.
type businessQuery struct {
	name        string
	match       []Label
	figure      Aggregate
	window, ago time.Duration
	schedule    Schedule
	err         error // it cannot be
}

func newBusinessQuery(name string, window time.Duration, schedule Schedule, match []Label) businessQuery {
	schedule.Days = slices.Clone(schedule.Days)
	q := businessQuery{name: name, match: slices.Clone(match), window: window, schedule: schedule, err: schedule.Validate()}
	if q.window == 0 {
		q.window = time.Hour
	}
	if q.err == nil && (q.window < 0 || q.window > MaxWindow) {
		q.err = fmt.Errorf("metrics: a window of %v cannot be: must be positive, at most %v", window, MaxWindow)
	}
	return q
}

func (q businessQuery) since(figure Aggregate, ago time.Duration) businessQuery {
	q.figure, q.ago = figure, ago
	if q.ago == 0 {
		q.ago = day
	}
	if q.err == nil && (q.ago < q.window || q.ago > MaxAgo-q.window) {
		q.err = fmt.Errorf("metrics: a window of %v that ended %v ago cannot be compared: must be at least its length ago, and begin at most %v ago", q.window, q.ago, MaxAgo)
	}
	return q
}

// ask answers for both windows at the same moment, if they are known and within the schedule.
func (r *Registry) ask(q businessQuery) (now, before Summary, err error) {
	if err := cmp.Or(q.err, q.outlives(r.cfg.MaxIdle)); err != nil {
		return now, before, err
	}
	f, ok := r.lookup(q.name)
	if !ok {
		return now, before, fmt.Errorf("%w: there is no metric %s; there is one when its handle was got or Describe was called", ErrNoData, q.name)
	}
	h := &r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	at := time.Now()
	r.tick(at)
	now = r.summarize(f, at, 0, q.window, q.match)
	if now.Covered < q.window {
		return now, before, fmt.Errorf("%w: only %v of the last %v are known", ErrNoData, now.Covered, q.window)
	}
	if err := q.schedule.permits(now); err != nil || q.ago == 0 {
		return now, before, err
	}
	// Both ends are rounded down to whole steps. With half a step more at its end the window is where it should be, on
	// average, and never too short when clocks tick a little late.
	length, step := q.stepsAgo()
	before = r.summarize(f, at, q.ago-step/2, length+step/2, q.match)
	before.Window = q.window
	if begin := before.End.Add(-before.Covered); begin.After(at.Add(-q.ago - length)) {
		return now, before, fmt.Errorf("%w: what was %v ago is not wholly known", ErrNoData, q.ago)
	}
	return now, before, q.schedule.permits(before)
}

// stepsAgo returns the window in whole steps, and the steps in which is remembered what was as long ago.
func (q businessQuery) stepsAgo() (length, step time.Duration) {
	for _, tier := range tiers {
		length, step = q.window.Truncate(tier.step), tier.step
		if length < q.window {
			length += step
		}
		if q.ago+length <= tier.step*time.Duration(tier.keep-1) {
			break
		}
	}
	return length, step
}

// outlives says that a figure may be of series that are removed, whose past is gone with them.
func (q businessQuery) outlives(maxIdle time.Duration) error {
	length, step := q.stepsAgo()
	if need := q.ago + length + step; maxIdle > 0 && need > maxIdle {
		return fmt.Errorf("metrics: with a MaxIdle of %v series may be gone that a figure of the last %v is of: MaxIdle must be at least that, or 0", maxIdle, need)
	}
	return nil
}

// permits says whether all that a summary is of is within the schedule.
func (s Schedule) permits(of Summary) error {
	begin := of.End.Add(-of.Covered)
	switch {
	case s.coversAll(begin, of.End):
		return nil
	case !s.Covers(of.End):
		return fmt.Errorf("%w: %s is outside of %s", ErrNoData, of.End.In(s.location()).Format("Mon 15:04"), s)
	}
	return fmt.Errorf("%w: the %v before %s are not wholly within %s", ErrNoData, of.Covered.Round(time.Second), of.End.In(s.location()).Format("Mon 15:04"), s)
}
