package admin

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"time"
)

// goroutines writes what all goroutines do: those that do the same together, or with debug=2 one by one.
func (h *Handler) goroutines(w http.ResponseWriter, r *http.Request) {
	if !h.raw(w, r) {
		return
	}
	debug := 1
	if r.URL.Query().Get("debug") == "2" {
		debug = 2
	}
	if viewOf(r).html {
		b := new(bytes.Buffer)
		_ = pprof.Lookup("goroutine").WriteTo(b, debug) // into memory
		out := new(bytes.Buffer)
		h.writePage(out, r, viewOf(r), http.StatusOK, nil, b.String())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(out.Bytes()) // the client has gone
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_ = pprof.Lookup("goroutine").WriteTo(w, debug) // the client has gone
}

// raw answers requests that a page which is not captured does not take, and returns false.
func (h *Handler) raw(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)) // where there is one: a dump may be large
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	h.fail(w, r, http.StatusMethodNotAllowed, "the method "+r.Method+" is not for this page")
	return false
}

type profileAnswer struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
	About string `json:"about"`
	Get   string `json:"get"`
}

// pprof serves profiles as go tool pprof reads them.
func (h *Handler) pprof(w http.ResponseWriter, r *http.Request) {
	if !h.raw(w, r) {
		return
	}
	switch name := strings.TrimPrefix(r.URL.Path, "/"); name {
	case "":
		c := newCapture(w)
		writeJSON(c, http.StatusOK, profiles())
		c.finish(h, r)
	case "profile":
		h.timed(w, r, 30*time.Second, "cpu.pprof", pprof.StartCPUProfile, pprof.StopCPUProfile)
	case "trace":
		h.timed(w, r, time.Second, "trace.out", trace.Start, trace.Stop)
	default:
		h.profileNow(w, r, name)
	}
}

func profiles() []profileAnswer {
	about := map[string]string{
		"allocs": "Where memory was allocated since the start.", "block": "Where goroutines waited for each other; empty unless runtime.SetBlockProfileRate is called.",
		"goroutine": "What all goroutines do.", "heap": "What is in use; ?gc=1 collects first.", "mutex": "Who held locks that others waited for; empty unless runtime.SetMutexProfileFraction is called.",
		"threadcreate": "What made threads.",
	}
	list := []profileAnswer{
		{Name: "profile", About: "Where CPU time goes, for ?seconds=30.", Get: "pprof/profile?seconds=30"},
		{Name: "trace", About: "All that the scheduler does, for ?seconds=1.", Get: "pprof/trace?seconds=1"},
	}
	for _, p := range pprof.Profiles() {
		list = append(list, profileAnswer{p.Name(), p.Count(), about[p.Name()], "pprof/" + p.Name()})
	}
	return list
}

// profileNow writes a profile that there is at any time.
func (h *Handler) profileNow(w http.ResponseWriter, r *http.Request, name string) {
	p := pprof.Lookup(name)
	if p == nil {
		h.fail(w, r, http.StatusNotFound, "there is no such profile")
		return
	}
	if name == "heap" && r.URL.Query().Get("gc") == "1" {
		runtime.GC()
	}
	debug, err := strconv.Atoi(r.URL.Query().Get("debug"))
	if err != nil || debug < 0 || debug > 2 {
		debug = 0
	}
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		attach(w, name+".pprof")
	}
	_ = p.WriteTo(w, debug) // the client has gone
}

func attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// timed records for a while, and sends what was recorded. It ends early when the client goes.
func (h *Handler) timed(w http.ResponseWriter, r *http.Request, usual time.Duration, name string, start func(io.Writer) error, stop func()) {
	while := h.lengthOf(r, usual)
	if while == 0 {
		h.fail(w, r, http.StatusBadRequest, fmt.Sprintf("seconds must be a number above 0, and %v at most", h.cfg.MaxProfile.Seconds()))
		return
	}
	attach(w, name)
	if r.Method == http.MethodHead {
		return // nobody would read it
	}
	to := &patient{to: w, failed: make(chan struct{})}
	if err := start(to); err != nil {
		w.Header().Del("Content-Disposition")
		h.fail(w, r, http.StatusConflict, "another one is being taken: "+err.Error())
		return
	}
	defer stop()
	patience := time.NewTimer(while)
	defer patience.Stop()
	select {
	case <-patience.C:
	case <-r.Context().Done():
	case <-to.failed:
	}
}

// lengthOf returns how long is asked for, or 0 when that cannot be.
func (h *Handler) lengthOf(r *http.Request, usual time.Duration) time.Duration {
	text := r.URL.Query().Get("seconds")
	if text == "" {
		return min(usual, h.cfg.MaxProfile)
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0 && seconds <= h.cfg.MaxProfile.Seconds()) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// patient writes to a client that reads, and to nobody once it has not read for a while: what is recorded would pile up in
// memory meanwhile.
type patient struct {
	to     http.ResponseWriter
	failed chan struct{}
	err    error
}

const slowest = 5 * time.Second

// Write waits for the client for a few seconds.
func (p *patient) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	_ = http.NewResponseController(p.to).SetWriteDeadline(time.Now().Add(slowest)) // where there is one
	n, err := p.to.Write(b)
	if err != nil {
		p.err = err
		close(p.failed)
	}
	return n, err
}
