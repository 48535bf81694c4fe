package metrics

import (
	"context"
	"fmt"
	"log/slog"
)

// misuse is what was wrong with a call. It is noted with the registry's lock held and reported without.
type misuse struct {
	kind    string // of misuse, or ""
	reason  string
	warning string
}

// note keeps the first thing that is wrong.
func (m *misuse) note(kind, reason string) {
	if m.kind == "" {
		m.kind, m.reason = kind, reason
	}
}

// warn has something logged that is nobody's mistake.
func (m *misuse) warn(warning string) { m.warning = warning }

// report counts what is wrong and logs it, each thing once for each metric.
func (m *misuse) report(r *Registry, name string) {
	if m.warning != "" {
		r.log("metrics: a metric has reached its limit", name, m.warning)
	}
	if m.kind == "" {
		return
	}
	if r.cfg.Strict {
		panic(fmt.Sprintf("metrics: %q: %s", name, m.reason))
	}
	r.mu.Lock()
	r.own(misusesName, Label{"reason", m.kind}).counter.Inc()
	key := m.kind + " " + name
	again := r.warned[key] || len(r.warned) >= maxWarnings
	if !again {
		if r.warned == nil {
			r.warned = make(map[string]bool)
		}
		r.warned[key] = true
	}
	r.mu.Unlock()
	if !again {
		r.log("metrics: a metric is used wrongly", name, m.reason)
	}
}

// maxWarnings limits what is remembered of mistakes.
const maxWarnings = 100

func (r *Registry) logger() *slog.Logger {
	if r.cfg.Logger == nil {
		return slog.Default()
	}
	return r.cfg.Logger
}

func (r *Registry) log(message, name, reason string) {
	r.logger().LogAttrs(context.Background(), slog.LevelWarn, message, slog.String("metric", name), slog.String("reason", reason))
}
