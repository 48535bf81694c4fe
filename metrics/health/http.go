package health

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// endpoint is a path that is answered.
type endpoint struct {
	probe Probe
	json  bool // unless asked otherwise
}

// find returns what a path asks for and, when it names one, the check.
func find(path string) (e endpoint, check string, ok bool) {
	name, check, _ := strings.Cut(strings.Trim(path, "/"), "/")
	switch name {
	case "livez":
		e = endpoint{probe: Liveness}
	case "readyz", "healthz":
		e = endpoint{probe: Readiness}
	case "startupz":
		e = endpoint{probe: Startup}
	case "health", "ready":
		e = endpoint{probe: Readiness, json: true}
	default:
		return e, "", false
	}
	return e, check, true
}

// ServeHTTP answers GET and HEAD of /livez, /readyz, /startupz, /healthz (as /readyz), /health and /ready (as /readyz,
// in JSON), and of <probe>/<check>. Use http.StripPrefix to mount it elsewhere.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	e, check, ok := find(r.URL.Path)
	if !ok {
		http.Error(w, "not found; there are /livez, /readyz, /startupz, /health and /ready", http.StatusNotFound)
		return
	}
	query := r.URL.Query()
	exclude := query["exclude"]
	var report Report
	if check == "" {
		report = h.Report(r.Context(), e.probe, exclude...)
	} else {
		monitors := slices.DeleteFunc(h.of(e.probe), func(m *monitor) bool { return m.Name != check })
		if len(monitors) == 0 {
			http.Error(w, "no such check", http.StatusNotFound)
			return
		}
		report = h.report(r.Context(), monitors)
		report.Probe = e.probe
	}
	a := answer{
		Report: report, path: strings.Trim(r.URL.Path, "/"), errors: h.showsErrors(r),
		unknown: unknown(exclude, h.of(e.probe)), handler: h,
	}
	if wantsJSON(r, e.json) {
		h.write(w, r, report.Status, "application/health+json", a.json())
		return
	}
	h.write(w, r, report.Status, "text/plain; charset=utf-8", a.text(query.Has("verbose")))
}

// showsErrors asks the user's function.
func (h *Handler) showsErrors(r *http.Request) (shows bool) {
	if h.ShowErrors == nil {
		return false
	}
	if err := contain(func() { shows = h.ShowErrors(r) }); err != nil {
		h.hookFailed("ShowErrors", err)
	}
	return shows
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, s Status, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if s == Fail {
		after := h.RetryAfter
		if after <= 0 {
			after = DefaultRetryAfter
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is no concern of ours
	}
}

// wantsJSON decides by the Accept header; without a preference there, by what the path is known for.
func wantsJSON(r *http.Request, usual bool) bool {
	accept := r.Header.Get("Accept")
	switch {
	case r.URL.Query().Has("verbose"), strings.HasPrefix(accept, "text/plain"):
		return false
	case strings.Contains(accept, "application/health+json"), strings.Contains(accept, "application/json"):
		return true
	}
	return usual
}

// unknown returns the names to exclude that no check has.
func unknown(exclude []string, monitors []*monitor) []string {
	return slices.DeleteFunc(slices.Clone(exclude), func(name string) bool {
		return slices.ContainsFunc(monitors, func(m *monitor) bool { return m.Name == name })
	})
}

// answer turns a report into a body.
type answer struct {
	Report
	handler *Handler
	path    string
	errors  bool
	unknown []string
}

// text answers as the Kubernetes API server does.
func (a answer) text(verbose bool) []byte {
	if a.Status != Fail && !verbose {
		return []byte("ok")
	}
	var b strings.Builder
	for _, r := range a.Results {
		switch {
		case r.Status == Pass:
			fmt.Fprintf(&b, "[+]%s ok\n", r.Name)
		case r.affects() == Fail:
			fmt.Fprintf(&b, "[-]%s failed: %s\n", r.Name, a.reason(r))
		default:
			fmt.Fprintf(&b, "[!]%s warning: %s\n", r.Name, a.reason(r))
		}
	}
	if len(a.Results) == 0 && a.Status == Warning {
		b.WriteString("[!]no checks are registered\n")
	}
	if len(a.unknown) > 0 {
		fmt.Fprintf(&b, "warn: some health checks cannot be excluded: no matches for %q\n", a.unknown)
	}
	outcome := "passed"
	if a.Status == Fail {
		outcome = "failed"
	}
	fmt.Fprintf(&b, "%s check %s\n", a.path, outcome)
	return []byte(b.String())
}

func (a answer) reason(r Result) string {
	if !a.errors || r.Err == nil {
		return "reason withheld"
	}
	return r.run.text
}

// Body of the JSON answer: the health+json draft, the reference system's timestamp and uptime, and how old a result is.
type jsonAnswer struct {
	Status  Status                 `json:"status"`
	Version string                 `json:"version,omitempty"`
	Service string                 `json:"serviceId,omitempty"`
	Notes   []string               `json:"notes,omitempty"`
	Time    time.Time              `json:"timestamp"`
	Uptime  float64                `json:"uptime_seconds"`
	Checks  map[string][]jsonCheck `json:"checks,omitempty"`
}

type jsonCheck struct {
	Status   Status          `json:"status"`
	Severity string          `json:"severity"`
	Time     time.Time       `json:"time,omitzero"` // of the result
	Age      float64         `json:"age_seconds"`   // since then
	Took     float64         `json:"duration_seconds"`
	InARow   int             `json:"in_a_row"`
	Output   string          `json:"output,omitempty"`
	Observed json.RawMessage `json:"observed,omitempty"`
}

func (a answer) json() []byte {
	j := jsonAnswer{
		Status: a.Status, Version: a.handler.Version, Service: a.handler.Service,
		Time: a.Time.UTC(), Uptime: a.Uptime.Seconds(), Checks: make(map[string][]jsonCheck, len(a.Results)),
	}
	if len(a.Results) == 0 && a.Status == Warning {
		j.Notes = append(j.Notes, "no checks are registered")
	}
	if len(a.unknown) > 0 {
		j.Notes = append(j.Notes, fmt.Sprintf("no matches for the excluded checks %q", a.unknown))
	}
	for _, r := range a.Results {
		c := jsonCheck{
			Status: r.Status, Severity: r.Severity.String(), Time: r.At.UTC(), Took: r.Took.Seconds(), InARow: r.InARow,
			Observed: shown(r.Observed),
		}
		if !r.At.IsZero() {
			c.Age = a.Time.Sub(r.At).Seconds()
		}
		if r.Err != nil {
			c.Output = a.reason(r)
		}
		j.Checks[r.Name] = []jsonCheck{c}
	}
	body, _ := json.MarshalIndent(j, "", "  ") // plain types only
	return append(body, '\n')
}

// shown encodes what a check noted. The values are the user's: JSON may have no form for one, and its own method may
// panic.
func shown(observed map[string]any) json.RawMessage {
	if len(observed) == 0 {
		return nil
	}
	var body []byte
	var err error
	if failure := contain(func() { body, err = json.Marshal(observed) }); failure != nil || err != nil {
		return json.RawMessage(`{"error":"cannot be shown as JSON"}`)
	}
	return body
}
