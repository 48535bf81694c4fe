package analysis

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// Records is an [Analyzer] of records that it reads anew for each question, in the order in which they were written. It may yield
// only those since a time, if that is not zero, and from a level on; more do no harm. What it yields belongs to the reader.
//
// A question takes memory for each group, each user of a group, and each record of its answer.
type Records func(ctx context.Context, since time.Time, level zapcore.Level) iter.Seq2[logging.Record, error]

var _ Analyzer = Records(nil)

// ErrorSummary implements [Analyzer].
func (rs Records) ErrorSummary(ctx context.Context, q Query) ([]LevelCount, error) {
	q, err := q.Complete(time.Now(), DefaultGroups)
	if err != nil {
		return nil, err
	}
	type tally struct {
		count          int64
		users, loggers set
	}
	levels := map[string]*tally{}
	for r, err := range rs.errors(ctx, q.Since) {
		if err != nil {
			return nil, err
		}
		if !q.matches(&r) {
			continue
		}
		name := logging.LevelName(r.Level)
		t := levels[name]
		if t == nil {
			t = &tally{0, set{}, set{}}
			levels[name] = t
		}
		t.count++
		t.users.add(r.UserID)
		t.loggers.add(r.Logger)
	}
	var counts []LevelCount
	for name, t := range levels {
		counts = append(counts, LevelCount{name, t.count, int64(len(t.users)), int64(len(t.loggers))})
	}
	slices.SortFunc(counts, func(a, b LevelCount) int { return cmp.Compare(a.Level, b.Level) })
	return counts, nil
}

// Trend implements [Analyzer].
func (rs Records) Trend(ctx context.Context, group fingerprint.ID, step time.Duration, q Query) iter.Seq2[Point, error] {
	return func(yield func(Point, error) bool) {
		q, err := q.Complete(time.Now(), DefaultGroups)
		if err != nil {
			yield(Point{}, err)
			return
		}
		steps, err := q.Steps(step)
		if err != nil {
			yield(Point{}, err)
			return
		}
		counts := make([]int64, steps.Count)
		for r, err := range rs.errors(ctx, q.Since) {
			if err != nil {
				yield(Point{}, err)
				return
			}
			if q.matches(&r) && (group == 0 || GroupOf(&r) == group) {
				counts[steps.Number(r.Time)-steps.First]++
			}
		}
		for i, count := range counts {
			if !yield(Point{steps.Start(steps.First + int64(i)), count}, nil) {
				return
			}
		}
	}
}

// Occurrences implements [Analyzer].
func (rs Records) Occurrences(ctx context.Context, group fingerprint.ID, q Query) iter.Seq2[logging.Record, error] {
	return rs.newest(ctx, q, zapcore.ErrorLevel, -1, func(r *logging.Record) bool { return r.Level >= zapcore.ErrorLevel && GroupOf(r) == group })
}

// UserActivity implements [Analyzer].
func (rs Records) UserActivity(ctx context.Context, userID string, q Query) iter.Seq2[logging.Record, error] {
	return rs.newest(ctx, q, zapcore.DebugLevel, -1, func(r *logging.Record) bool { return r.UserID == userID && userID != "" })
}

// Request implements [Analyzer].
func (rs Records) Request(ctx context.Context, requestID string, q Query) iter.Seq2[logging.Record, error] {
	return rs.newest(ctx, q, zapcore.DebugLevel, 1, func(r *logging.Record) bool { return r.RequestID == requestID && requestID != "" })
}

// newest yields the records that are wanted, by their time: with order 1 the oldest first, with -1 the newest.
func (rs Records) newest(ctx context.Context, q Query, level zapcore.Level, order int, wanted func(*logging.Record) bool) iter.Seq2[logging.Record, error] {
	return func(yield func(logging.Record, error) bool) {
		q, err := q.Complete(time.Now(), DefaultRecords)
		if err != nil {
			yield(logging.Record{}, err)
			return
		}
		best := sorted{limit: q.Limit, order: order}
		for r, err := range rs.read(ctx, q.Since, level) {
			if err != nil {
				yield(logging.Record{}, err)
				return
			}
			if q.matches(&r) && wanted(&r) {
				best.add(r)
			}
		}
		for _, r := range best.all() {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// errors yields errors only.
func (rs Records) errors(ctx context.Context, since time.Time) iter.Seq2[logging.Record, error] {
	return func(yield func(logging.Record, error) bool) {
		for r, err := range rs.read(ctx, since, zapcore.ErrorLevel) {
			if (err != nil || r.Level >= zapcore.ErrorLevel) && !yield(r, err) {
				return
			}
		}
	}
}

// read yields records with the precision that they have everywhere, until ctx is done or there is an error.
func (rs Records) read(ctx context.Context, since time.Time, level zapcore.Level) iter.Seq2[logging.Record, error] {
	return func(yield func(logging.Record, error) bool) {
		for r, err := range rs(ctx, since, level) {
			if err == nil {
				err = ctx.Err()
			}
			r.Time = r.Time.Truncate(time.Microsecond)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (q Query) matches(r *logging.Record) bool {
	return q.Covers(r.Time) && q.In(r.Logger) && (q.Release == "" || r.Release == q.Release)
}

// set is different texts; the empty one is none.
type set map[string]struct{}

func (s set) add(text string) {
	if text != "" {
		s[text] = struct{}{}
	}
}
