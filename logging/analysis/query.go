package analysis

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Query says which records count. The zero value is all of the last 24 hours.
type Query struct {
	// Since and Until bound the time: at Since or later, and before Until. Until defaults to the present, Since to 24 hours before
	// Until. Both are rounded down to microseconds, as records are.
	Since, Until time.Time
	// Limit is how many results there are at most. The default stands at each question of [Analyzer]; -1 is no limit.
	Limit int
	// Logger leaves only records of this logger and of those below it: app means app, app.users, but not apple.
	Logger string
	// Release leaves only records of a release.
	Release string
}

// Defaults of a [Query].
const (
	DefaultSpan    = 24 * time.Hour
	DefaultGroups  = 10
	DefaultRecords = 100
)

// Complete returns the query with its defaults, for those who implement an [Analyzer]: limit is the one for zero. All that is
// wrong with the query is the error.
func (q Query) Complete(now time.Time, limit int) (Query, error) {
	if q.Until.IsZero() {
		q.Until = now
	}
	if q.Since.IsZero() {
		q.Since = q.Until.Add(-DefaultSpan)
	}
	if q.Limit == 0 {
		q.Limit = limit
	}
	q.Since, q.Until = q.Since.Truncate(time.Microsecond), q.Until.Truncate(time.Microsecond)
	var all []error
	if q.Limit < -1 {
		all = append(all, fmt.Errorf("Limit is %d: must be positive, or -1 for no limit", q.Limit)) //nolint:staticcheck // the name of the field
	}
	if q.Until.Before(q.Since) {
		all = append(all, fmt.Errorf("Until is %v: must not be before Since, which is %v", q.Until, q.Since)) //nolint:staticcheck // the name of the field
	}
	if len(all) > 0 {
		return q, fmt.Errorf("logging/analysis: query: %w", errors.Join(all...))
	}
	return q, nil
}

// In says whether a logger is the one of the query, or below it.
func (q Query) In(logger string) bool {
	rest, ok := strings.CutPrefix(logger, q.Logger)
	return ok && (q.Logger == "" || rest == "" || rest[0] == '.')
}

// Covers says whether a time is in the span.
func (q Query) Covers(t time.Time) bool { return !t.Before(q.Since) && t.Before(q.Until) }

// maxSteps limits how many points a trend has.
const maxSteps = 10_000

// Steps are the steps of a trend, for those who implement an [Analyzer]: they are numbered since 1970, from First.
type Steps struct {
	First, Count int64
	Step         time.Duration
}

// Steps returns those of a completed query, or says what is wrong with the step.
func (q Query) Steps(step time.Duration) (Steps, error) {
	if step < time.Second || step%time.Microsecond != 0 {
		return Steps{}, fmt.Errorf("logging/analysis: trend: step is %v: must be at least 1s, in whole microseconds", step)
	}
	s := Steps{Step: step}
	s.First = s.Number(q.Since)
	if q.Until.After(q.Since) {
		s.Count = s.Number(q.Until.Add(-time.Microsecond)) - s.First + 1
	}
	if s.Count > maxSteps {
		return Steps{}, fmt.Errorf("logging/analysis: trend: %d steps of %v: must be at most %d, use a longer step", s.Count, step, maxSteps)
	}
	return s, nil
}

// Number returns the number of the step that a time lies in.
func (s Steps) Number(t time.Time) int64 {
	micros, step := t.UnixMicro(), s.Step.Microseconds()
	n := micros / step
	if micros%step < 0 {
		n--
	}
	return n
}

// Start returns when a step begins, in UTC.
func (s Steps) Start(number int64) time.Time {
	return time.UnixMicro(number * s.Step.Microseconds()).UTC()
}
