package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

// statusAnswer says in one look how the service is.
type statusAnswer struct {
	Status      string            `json:"status"` // up, degraded, down, or unknown without Config.Health
	Timestamp   time.Time         `json:"timestamp"`
	Uptime      float64           `json:"uptime_seconds"`
	Version     string            `json:"version"`
	Environment string            `json:"environment"`
	Checks      map[string]string `json:"checks,omitempty"` // of readiness: pass, warn or fail
	// Of the last five minutes; null when they are not known.
	CPU        *float64 `json:"cpu_usage_ratio"`
	Memory     *float64 `json:"memory_usage_ratio"`
	Disk       *float64 `json:"disk_usage_ratio,omitempty"`
	Requests   *float64 `json:"requests_per_second,omitempty"`
	Failed     *float64 `json:"failed_requests_ratio,omitempty"` // status 5xx or aborted
	Duration   *float64 `json:"request_p95_seconds,omitempty"`
	Queries    *float64 `json:"queries_per_second,omitempty"`
	Query      *float64 `json:"query_p95_seconds,omitempty"`
	Saturation *float64 `json:"pool_saturation_ratio,omitempty"` // the highest
}

// recently is the window of the figures of the status.
const recently = 5 * time.Minute

func (h *Handler) status(ctx context.Context) (any, error) {
	s := statusAnswer{Status: "unknown", Timestamp: time.Now().UTC(), Uptime: time.Since(h.began).Seconds(), Version: h.cfg.Version, Environment: h.cfg.Environment}
	if h.cfg.Health != nil {
		s.Status, s.Checks = h.readiness(ctx)
	}
	if r := h.cfg.Registry; r != nil {
		s.CPU = figureOf(r, "system_cpu_usage_ratio", metrics.Latest)
		s.Memory = figureOf(r, "system_memory_usage_ratio", metrics.Latest)
		s.Disk = highest(r, "system_disk_usage_ratio")
		s.Requests = figureOf(r, "http_request_duration_seconds", metrics.Rate)
		s.Duration = figureOf(r, "http_request_duration_seconds", metrics.P95)
		s.Failed = failedRatio(r)
		s.Queries = figureOf(r, "db_query_duration_seconds", metrics.Rate)
		s.Query = figureOf(r, "db_query_duration_seconds", metrics.P95)
		s.Saturation = highest(r, "db_pool_saturation_ratio")
	}
	return s, nil
}

// readiness asks the probe, as an orchestrator would.
func (h *Handler) readiness(ctx context.Context) (status string, checks map[string]string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil)
	if err != nil {
		return "unknown", nil
	}
	r.Header.Set("Accept", "application/health+json")
	c := newCapture(nil)
	if !returns(func() { h.cfg.Health.ServeHTTP(c, r) }) {
		return "unknown", nil
	}
	answer := c.end()
	status = "down"
	if answer.status == http.StatusOK {
		status = "up"
	}
	var body struct {
		Status string `json:"status"`
		Checks map[string][]struct {
			Status string `json:"status"`
		} `json:"checks"`
	}
	if json.Unmarshal(answer.body, &body) != nil {
		return status, nil
	}
	if status == "up" && body.Status == "warn" {
		status = "degraded"
	}
	checks = make(map[string]string, len(body.Checks))
	for name, list := range body.Checks {
		for _, c := range list {
			checks[name] = worse(checks[name], c.Status)
		}
	}
	return status, checks
}

// returns says whether f returned, instead of panicking.
func returns(f func()) (ok bool) {
	defer func() { _ = recover() }() // it says so by what it returns
	f()
	return true
}

// worse returns the worse of two results.
func worse(a, b string) string {
	for _, bad := range [...]string{"fail", "warn"} {
		if a == bad || b == bad {
			return bad
		}
	}
	return b
}

func figureOf(r *metrics.Registry, name string, figure metrics.Aggregate) *float64 {
	s, ok := r.Summary(name, recently)
	if !ok {
		return nil
	}
	if v, ok := s.Value(figure); ok {
		return &v
	}
	return nil
}

// highest returns the highest of the latest values of all series.
func highest(r *metrics.Registry, name string) (most *float64) {
	for _, s := range r.Select(name, time.Now().Add(-recently)) {
		if s.Name != name || len(s.Points) == 0 {
			continue
		}
		if v := s.Points[len(s.Points)-1].Value; most == nil || v > *most {
			most = &v
		}
	}
	return most
}

// failedRatio returns which part of the requests failed.
func failedRatio(r *metrics.Registry) *float64 {
	const name = "http_request_duration_seconds"
	all, ok := r.Summary(name, recently)
	if !ok || all.Count == 0 {
		return nil
	}
	failed := uint64(0)
	counted := map[string]bool{}
	for _, s := range r.Select(name, time.Now().Add(time.Hour)) {
		for _, l := range s.Labels {
			if s.Name == name && l.Name == "code" && (l.Value == "aborted" || len(l.Value) == 3 && l.Value[0] == '5') && !counted[l.Value] {
				counted[l.Value] = true
				if of, ok := r.Summary(name, recently, l); ok {
					failed += of.Count
				}
			}
		}
	}
	ratio := float64(failed) / float64(all.Count)
	return &ratio
}
