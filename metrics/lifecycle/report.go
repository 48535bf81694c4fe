package lifecycle

import (
	"log/slog"
	"slices"
	"time"
)

// Step is the start or stop of one part.
type Step struct {
	Part  string        `json:"part"`
	Phase Phase         `json:"phase"`
	Took  time.Duration `json:"took_ns"`
	Error string        `json:"error,omitempty"`
}

// Report says what a group did so far.
type Report struct {
	Started   []Step        `json:"started"`
	StartTook time.Duration `json:"start_took_ns"`
	Cause     string        `json:"cause,omitempty"` // of the shutdown
	Stopped   []Step        `json:"stopped,omitempty"`
	StopTook  time.Duration `json:"stop_took_ns,omitempty"` // from the cause to the end, the drain window included
}

// Report returns what the group did so far.
func (g *Group) Report() Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.report
	r.Started, r.Stopped = slices.Clone(r.Started), slices.Clone(r.Stopped)
	return r
}

// note adds a step to the report and the log.
func (g *Group) note(action string, p Part, took time.Duration, err error) {
	s := Step{Part: p.Name, Phase: p.Phase, Took: took}
	attrs := []any{"part", p.Name, "phase", p.Phase.String(), "took", took}
	level := slog.LevelInfo
	if err != nil {
		s.Error = err.Error()
		attrs = append(attrs, "error", s.Error)
		level = slog.LevelError
	}
	g.mu.Lock()
	if action == "start" {
		g.report.Started = append(g.report.Started, s)
	} else {
		g.report.Stopped = append(g.report.Stopped, s)
	}
	g.mu.Unlock()
	g.cfg.Logger.Log(g.logCtx, level, "lifecycle: "+action, attrs...)
}
