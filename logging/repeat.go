package logging

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Repeat limits how often the same message is logged. Records of level ERROR and above are never held back.
type Repeat struct {
	// First is how many records of the same logger, level and message are logged in each Interval. The rest is held
	// back and counted: at the end of the interval one record of the same logger and level says how many, with the fields
	// suppressed, repeated and seconds. 0, the default, holds nothing back.
	First int `env:"LOG_REPEAT_FIRST" default:"0" doc:"records of the same message in an interval; 0 is no limit"`
	// Interval defaults to 10 s.
	Interval time.Duration `env:"LOG_REPEAT_INTERVAL" default:"10s" unit:"s" doc:"how long repetitions are counted"`
}

// DefaultRepeatInterval is that of [Repeat].
const DefaultRepeatInterval = 10 * time.Second

const (
	// maxRepeats limits how many messages are counted at a time. Others are all logged.
	maxRepeats = 8192
	// maxRepeated limits the length of a message that is counted, in bytes. Longer ones are all logged.
	maxRepeated = 1024
	// suppressed is the message of the record that says how many there were.
	suppressed = "records suppressed"
)

// repeats counts records. A nil one allows all.
type repeats struct {
	first    int
	interval time.Duration
	tell     func(zapcore.Entry, []zapcore.Field) // of records that were held back

	mu     sync.Mutex // guards what follows
	counts map[repeated]*repetition
	held   uint64 // of all time
}

// repeated is what makes records the same.
type repeated struct {
	logger, message string
	level           zapcore.Level
}

// repetition counts records in one interval.
type repetition struct {
	begin time.Time
	seen  int
	held  uint64
}

func newRepeats(c Repeat, tell func(zapcore.Entry, []zapcore.Field)) *repeats {
	if c.First <= 0 {
		return nil
	}
	return &repeats{first: c.First, interval: c.Interval, tell: tell, counts: map[repeated]*repetition{}}
}

// allow says whether a record is to be logged.
func (r *repeats) allow(ent *zapcore.Entry) bool {
	if r == nil || ent.Level >= zapcore.ErrorLevel || len(ent.Message) > maxRepeated {
		return true
	}
	key := repeated{ent.LoggerName, ent.Message, ent.Level}
	allowed, ended := r.count(key, ent.Time)
	if ended.held > 0 {
		r.report(key, ended, ent.Time)
	}
	return allowed
}

// count counts a record. When the interval of its message is over, a new one begins, and what was counted is returned.
func (r *repeats) count(key repeated, now time.Time) (allowed bool, ended repetition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts[key]
	switch {
	case c == nil && len(r.counts) >= maxRepeats:
		return true, ended
	case c == nil:
		c = &repetition{begin: now}
		r.counts[key] = c
	case now.Sub(c.begin) >= r.interval:
		ended = *c
		*c = repetition{begin: now}
	}
	c.seen++
	if c.seen <= r.first {
		return true, ended
	}
	c.held++
	r.held++
	return false, ended
}

// sweep reports what was held back of messages whose interval is over, or of all, and forgets them.
func (r *repeats) sweep(now time.Time, all bool) {
	r.mu.Lock()
	ended := map[repeated]repetition{}
	for key, c := range r.counts {
		if all || now.Sub(c.begin) >= r.interval {
			if c.held > 0 {
				ended[key] = *c
			}
			delete(r.counts, key)
		}
	}
	r.mu.Unlock()
	for key, c := range ended {
		r.report(key, c, now)
	}
}

func (r *repeats) report(key repeated, c repetition, now time.Time) {
	r.tell(zapcore.Entry{Time: now, Level: key.level, LoggerName: key.logger, Message: suppressed}, []zapcore.Field{
		zap.Uint64("suppressed", c.held), zap.String("repeated", key.message), zap.Float64("seconds", now.Sub(c.begin).Round(time.Millisecond).Seconds()),
	})
}

// run sweeps until ctx is done, and then once more.
func (r *repeats) run(ctx context.Context) {
	ticker := time.NewTicker(r.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.sweep(time.Now(), true)
			return
		case now := <-ticker.C:
			r.sweep(now, false)
		}
	}
}

// total returns how many records were held back.
func (r *repeats) total() uint64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}
