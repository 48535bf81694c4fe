package pool

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Holder is a connection that is checked out.
type Holder struct {
	PID  uint32        // of the server process (pg_stat_activity.pid), or the pooler's number for the session
	Held time.Duration // since the checkout, to the precision of the pool's clock: a second or better
	// Caller is the function that acquired the connection and Stack the whole stack, one frame a line. Both are empty
	// when leak detection is off or this checkout was not sampled.
	Caller string
	Stack  string
}

// String returns "pid 4711 for 31s by app.handler (handler.go:12)".
func (h Holder) String() string {
	s := fmt.Sprintf("pid %d for %v", h.PID, h.Held.Round(time.Millisecond))
	if h.Caller != "" {
		s += " by " + h.Caller
	}
	return s
}

// Holders returns who holds a connection now, the longest first.
func (p *Pool) Holders() []Holder {
	var holders []Holder
	now := p.clock.precise()
	for _, c := range p.conns.list() {
		if since := c.stamp.Load(); since > 0 {
			holders = append(holders, c.holder(now-time.Duration(since)))
		}
	}
	slices.SortFunc(holders, func(a, b Holder) int { return int(b.Held - a.Held) })
	return holders
}

func (c *conn) holder(held time.Duration) Holder {
	h := Holder{PID: c.pid, Held: held}
	var stack strings.Builder
	for _, f := range c.frames() {
		at := fmt.Sprintf("%s (%s:%d)", path.Base(f.Function), path.Base(f.File), f.Line)
		if h.Caller == "" && !isOwnFrame(f.Function) {
			h.Caller = at
		}
		stack.WriteString(at + "\n")
	}
	h.Stack = stack.String()
	return h
}

// isOwnFrame reports whether a function belongs to the way into the pool rather than to its user.
func isOwnFrame(function string) bool {
	for _, prefix := range []string{
		"github.com/jackc/pgx/v5", "github.com/jackc/puddle/v2", "github.com/prodwright/prodwright/pool.", "runtime.",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}
