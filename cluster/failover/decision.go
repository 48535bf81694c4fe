package failover

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Decision is something that a manager did, or decided not to do, and why.
type Decision struct {
	// At is when it was first decided, by the clock of the manager, Last when it last was, and Count how often in between without another
	// one.
	At    time.Time `json:"at"`
	Last  time.Time `json:"last"`
	Count int       `json:"count"`
	// Severity says who has to know.
	Severity Severity `json:"severity"`
	// Text says what and why, for a person.
	Text string `json:"text"`
}

// Severity says who has to know of a [Decision].
type Severity string

// The severities.
const (
	Info     Severity = "info"     // it goes as it should
	Warning  Severity = "warning"  // the cluster works, but something has to be looked after
	Critical Severity = "critical" // there is no primary, and the manager cannot or may not help
)

func (s Severity) level() slog.Level {
	return map[Severity]slog.Level{Info: slog.LevelInfo, Warning: slog.LevelWarn, Critical: slog.LevelError}[s]
}

// journal keeps the last decisions, and tells them. It is safe for concurrent use.
type journal struct {
	logger *slog.Logger
	queue  chan Decision // to be told

	mu      sync.Mutex // guards what follows
	past    []Decision
	dropped uint64
}

// The journal's limits.
const (
	maxDecisions = 100
	maxUntold    = 64
)

func newJournal(l *slog.Logger) *journal {
	return &journal{logger: l, queue: make(chan Decision, maxUntold)}
}

// addf keeps a decision. The same one again is counted, and not told again.
func (j *journal) addf(s Severity, format string, args ...any) {
	now := time.Now()
	d := Decision{At: now, Last: now, Count: 1, Severity: s, Text: fmt.Sprintf(format, args...)}
	if !j.keep(d) {
		return
	}
	j.logger.Log(context.Background(), s.level(), "failover: "+d.Text)
	select {
	case j.queue <- d:
	default:
		j.mu.Lock()
		j.dropped++
		j.mu.Unlock()
	}
}

// keep says whether the decision is a new one.
func (j *journal) keep(d Decision) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.past); n > 0 && j.past[n-1].Text == d.Text {
		j.past[n-1].Last = d.At
		j.past[n-1].Count++
		return false
	}
	if len(j.past) == maxDecisions {
		j.past = j.past[1:]
	}
	j.past = append(j.past, d)
	return true
}

// list returns copies of the last decisions.
func (j *journal) list() (past []Decision, dropped uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Decision(nil), j.past...), j.dropped
}

// tell hands decisions to a function until done is closed and the queue is empty.
func (j *journal) tell(done <-chan struct{}, to func(Decision)) {
	for {
		select {
		case d := <-j.queue:
			to(d)
			continue
		default:
		}
		select {
		case d := <-j.queue:
			to(d)
		case <-done:
			if len(j.queue) == 0 {
				return
			}
		}
	}
}
