package admin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

type windowsAnswer struct {
	Window  float64         `json:"window_seconds"`
	Metrics []summaryAnswer `json:"metrics"`
}

// summaryAnswer is a [metrics.Summary]. Figures that its kind does not have are left out.
type summaryAnswer struct {
	Name     string            `json:"name"`
	Kind     metrics.Kind      `json:"kind"`
	Labels   map[string]string `json:"labels,omitempty"`
	Series   int               `json:"series"`
	Count    *float64          `json:"count"`
	Rate     *float64          `json:"rate"`
	Increase *float64          `json:"increase"`
	Min      *float64          `json:"min"`
	Avg      *float64          `json:"avg"`
	P50      *float64          `json:"p50"`
	P95      *float64          `json:"p95"`
	P99      *float64          `json:"p99"`
	Max      *float64          `json:"max"`
	Latest   *float64          `json:"latest"`
	Covered  float64           `json:"covered_seconds"`
}

func summaryOf(s metrics.Summary) summaryAnswer {
	a := summaryAnswer{Name: s.Name, Kind: s.Kind, Series: s.Series, Covered: s.Covered.Seconds()}
	for figure, to := range map[metrics.Aggregate]**float64{
		metrics.Count: &a.Count, metrics.Rate: &a.Rate, metrics.Increase: &a.Increase, metrics.Min: &a.Min, metrics.Avg: &a.Avg,
		metrics.P50: &a.P50, metrics.P95: &a.P95, metrics.P99: &a.P99, metrics.Max: &a.Max, metrics.Latest: &a.Latest,
	} {
		if v, ok := s.Value(figure); ok {
			*to = &v
		}
	}
	return a
}

// windows shows all metrics over a window, or the series of one.
func (h *Handler) windows(w http.ResponseWriter, r *http.Request) {
	if !allowed(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	window, ok := windowOf(w, r, recently)
	if !ok {
		return
	}
	answer := windowsAnswer{Window: window.Seconds(), Metrics: []summaryAnswer{}}
	one := strings.TrimPrefix(r.URL.Path, "/")
	pattern := r.URL.Query().Get("match")
	if one != "" {
		pattern = one
	}
	var names []string
	for _, s := range h.cfg.Registry.Select(pattern, time.Now().Add(time.Hour)) { // there are no points in the future
		switch {
		case one == "":
			names = append(names, s.Name)
		case s.Name == one:
			if a, ok := h.summaryOf(s, window); ok {
				answer.Metrics = append(answer.Metrics, a)
			}
		}
	}
	for _, name := range slices.Compact(names) {
		if s, ok := h.cfg.Registry.Summary(name, window); ok {
			answer.Metrics = append(answer.Metrics, summaryOf(s))
		}
	}
	if one != "" && len(answer.Metrics) == 0 {
		writeError(w, http.StatusNotFound, "there is no metric of that name: it is written as it is exported, a counter with _total")
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// summaryOf returns the figures of one series: those of all that have its labels, and there are others only if they have more.
func (h *Handler) summaryOf(s metrics.Series, window time.Duration) (summaryAnswer, bool) {
	sum, ok := h.cfg.Registry.Summary(s.Name, window, s.Labels...)
	if !ok {
		return summaryAnswer{}, false
	}
	a := summaryOf(sum)
	a.Labels = make(map[string]string, len(s.Labels))
	for _, l := range s.Labels {
		a.Labels[l.Name] = l.Value
	}
	return a, true
}

// report compares a window with the one before.
func (h *Handler) report(w http.ResponseWriter, r *http.Request) {
	if !allowed(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	window, ok := windowOf(w, r, 24*time.Hour)
	if !ok {
		return
	}
	report := h.cfg.Registry.Report(window)
	switch format := r.URL.Query().Get("format"); {
	case format == "markdown":
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = w.Write([]byte(report.Markdown())) //nolint:gosec // masked, and sent as the text that it is
	case format == "text", viewOf(r).html:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(report.String())) //nolint:gosec // as above
	default:
		writeJSON(w, http.StatusOK, report)
	}
}

// windowOf reads the parameter window, as in 90s, 5m or 24h.
func windowOf(w http.ResponseWriter, r *http.Request, usual time.Duration) (time.Duration, bool) {
	text := r.URL.Query().Get("window")
	if text == "" {
		return usual, true
	}
	window, err := time.ParseDuration(text)
	if err != nil || window <= 0 || window > metrics.MaxWindow {
		writeError(w, http.StatusBadRequest, "window must be a duration up to 25h, such as 90s, 5m or 24h")
		return 0, false
	}
	return window, true
}
