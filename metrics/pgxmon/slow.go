package pgxmon

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// MaxStatements is how many slow statements are remembered.
const MaxStatements = 100

// maxText is how much is kept of a statement, in bytes, without the mark that it was cut.
const maxText = 1 << 10

// Statement is what is known of the slow executions of a statement: of those that reached the threshold. It has no
// arguments and no constants.
type Statement struct {
	// Fingerprint is the same for the same SQL, in all processes.
	Fingerprint string `json:"fingerprint"`
	// SQL is the statement as [Normalize] writes it, at most 1 KiB of it.
	SQL string `json:"sql"`
	// Operation is that of the metrics.
	Operation string `json:"operation"`
	// Count is how often it was slow, Total how long those took together and Max the longest.
	Count int64         `json:"count"`
	Total time.Duration `json:"total_ns"`
	Max   time.Duration `json:"max_ns"`
	// First and Last are when such an execution ended.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Missed is how much longer Total may be at most, because it was forgotten for a while in favour of others. It is 0 as
	// long as there were no more than 100.
	Missed time.Duration `json:"missed_ns"`
}

// table remembers those statements that took the longest in total, by the space-saving algorithm of Metwally, Agrawal and
// El Abbadi with durations as weights: a new one takes the place of the one with the least, and its Missed is what that had.
// A statement with more than a hundredth of the time of all is never missing.
type table struct {
	mu      sync.Mutex // guards what follows
	entries []entry
	logged  window // of all together
}

type entry struct {
	Statement

	hash   uint64
	logged window
}

// window counts what happened since start.
type window struct {
	start time.Time
	done  int
	held  int // what was too much
}

// take says whether there may be one more in the interval, and how many were too much before.
func (w *window) take(now time.Time, limit int, interval time.Duration) (held int, ok bool) {
	if w.done == 0 || now.Sub(w.start) >= interval {
		w.start, w.done = now, 0
	}
	if w.done >= limit {
		w.held++
		return 0, false
	}
	w.done++
	held, w.held = w.held, 0
	return held, true
}

// add counts an execution. It says whether it may be logged, and how many were not since the last that was.
func (t *table) add(sql string, h uint64, op string, took time.Duration, now time.Time, interval time.Duration) (held int, log bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entry(sql, h, op, now)
	e.Count++
	e.Total += took
	e.Max = max(e.Max, took)
	e.Last = now
	if interval < 0 {
		return 0, false
	}
	own := e.logged
	if _, ok := own.take(now, 1, interval); !ok {
		t.logged.held++
		return 0, false
	}
	held, log = t.logged.take(now, maxLogs, interval)
	if log {
		e.logged = own
	}
	return held, log
}

func (t *table) entry(sql string, h uint64, op string, now time.Time) *entry {
	least := -1
	for i := range t.entries {
		if t.entries[i].hash == h {
			return &t.entries[i]
		}
		if least < 0 || t.entries[i].weight() < t.entries[least].weight() {
			least = i
		}
	}
	e := entry{hash: h, Statement: Statement{Fingerprint: fingerprint(h), SQL: strings.Clone(shortened(sql, maxText)), Operation: op, First: now}}
	if len(t.entries) < MaxStatements {
		t.entries = append(t.entries, e)
		return &t.entries[len(t.entries)-1]
	}
	e.Missed = t.entries[least].weight()
	t.entries[least] = e
	return &t.entries[least]
}

func (e *entry) weight() time.Duration { return e.Total + e.Missed }

// slowest returns n statements, those with the greatest totals first.
func (t *table) slowest(n int) []Statement {
	t.mu.Lock()
	found := make([]Statement, 0, len(t.entries))
	for i := range t.entries {
		found = append(found, t.entries[i].Statement)
	}
	t.mu.Unlock()
	slices.SortFunc(found, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	if n >= 0 && n < len(found) {
		found = slices.Clip(found[:n])
	}
	return found
}

// fingerprint writes a hash with all its digits.
func fingerprint(h uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[15-i] = digits[h>>(4*i)&0xf]
	}
	return string(b[:])
}
