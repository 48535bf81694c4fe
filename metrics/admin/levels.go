package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Leveler is a log level that can be changed. [*slog.LevelVar] is one. It must be safe for concurrent use.
type Leveler interface {
	// Level returns the level.
	Level() slog.Level
	// Set makes l the level.
	Set(l slog.Level)
}

// DefaultLevelTime is how long a level is set that is set without saying for how long.
const DefaultLevelTime = time.Hour

// levels are those of all loggers.
type levels struct {
	logger *slog.Logger
	names  []string

	mu  sync.Mutex // guards what follows, and setting a level
	set map[string]*level
}

// level is that of one logger.
type level struct {
	of     Leveler
	usual  slog.Level // before it was set for a while
	given  slog.Level // what it was set to
	until  time.Time  // zero when it is as usual
	expiry *time.Timer
	orders int // so that the end of one is not taken for that of a later one
}

func newLevels(all map[string]Leveler, logger *slog.Logger) *levels {
	l := &levels{logger: logger, names: slices.Sorted(maps.Keys(all)), set: make(map[string]*level, len(all))}
	for name, of := range all {
		l.set[name] = &level{of: of}
	}
	return l
}

type levelAnswer struct {
	Name  string     `json:"name"`
	Level string     `json:"level"`
	Usual string     `json:"usual,omitempty"` // what it will be again
	Until *time.Time `json:"until,omitempty"`
}

func (l *levels) answer(name string) levelAnswer {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.set[name]
	a := levelAnswer{Name: name, Level: s.of.Level().String()}
	if s.isSet() {
		until := s.until.UTC()
		a.Usual, a.Until = s.usual.String(), &until
	}
	return a
}

// change sets a level for a while, or for good when the while is 0.
func (l *levels) change(name string, to slog.Level, while time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.set[name]
	if !s.isSet() {
		s.usual = s.of.Level()
	}
	l.stop(s)
	s.of.Set(to)
	s.given = to
	if while > 0 {
		order := s.orders
		s.until = time.Now().Add(while)
		s.expiry = time.AfterFunc(while, func() { l.expire(name, order) })
	}
}

// isSet says whether the level is one that was set for a while, and that nobody else has changed since.
func (s *level) isSet() bool { return !s.until.IsZero() && s.of.Level() == s.given }

// reset makes a level as it was.
func (l *levels) reset(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.set[name]
	if s.isSet() {
		s.of.Set(s.usual)
	}
	l.stop(s)
}

func (l *levels) stop(s *level) {
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.expiry, s.until = nil, time.Time{}
	s.orders++
}

// expire makes a level as it was, unless somebody has set it in the meantime.
func (l *levels) expire(name string, order int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.set[name]
	if s.orders != order {
		return
	}
	if s.isSet() {
		s.of.Set(s.usual)
		l.logger.Info("log level is as usual again", "logger", name, "level", s.usual.String())
	}
	l.stop(s)
}

// loggers shows and sets levels.
func (h *Handler) loggers(w http.ResponseWriter, r *http.Request) {
	name := strings.Trim(r.URL.Path, "/")
	if _, ok := h.levels.set[name]; name != "" && !ok {
		writeError(w, http.StatusNotFound, "there is no such logger")
		return
	}
	if name == "" && !allowed(w, r, http.MethodGet, http.MethodHead) || !allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete) {
		return
	}
	switch {
	case name == "":
		all := make([]levelAnswer, 0, len(h.levels.names))
		for _, name := range h.levels.names {
			all = append(all, h.levels.answer(name))
		}
		writeJSON(w, http.StatusOK, all)
		return
	case r.Method == http.MethodDelete:
		h.levels.reset(name)
	case r.Method == http.MethodPost || r.Method == http.MethodPut:
		order, err := readOrder(w, r)
		if err != nil {
			writeError(w, http.StatusBadRequest, err.Error())
			return
		}
		if order.reset {
			h.levels.reset(name)
		} else {
			h.levels.change(name, order.level, order.while)
		}
		a := h.levels.answer(name)
		h.logger.Info("log level set", "logger", name, "level", a.Level, "for", order.while.String(), "remote", r.RemoteAddr)
		if viewOf(r).html {
			viewOf(r).back(w)
			return
		}
	}
	writeJSON(w, http.StatusOK, h.levels.answer(name))
}

// back sends a browser to the list that a form was in.
func (v *view) back(w http.ResponseWriter) {
	w.Header().Set("Location", v.root+v.page.Name+"/")
	w.WriteHeader(http.StatusSeeOther)
}

type levelOrder struct {
	level slog.Level
	while time.Duration
	reset bool
}

// readOrder reads a form or JSON: level, and for how long.
func readOrder(w http.ResponseWriter, r *http.Request) (order levelOrder, err error) {
	const enough = 4 << 10
	r.Body = http.MaxBytesReader(w, r.Body, enough)
	var body struct {
		Level string `json:"level"`
		For   string `json:"for"`
	}
	switch media, _ := mediaOf(r.Header); media {
	case "application/json":
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&body); err != nil || !errors.Is(d.Decode(&struct{}{}), io.EOF) {
			return order, errors.New(`the body must be JSON such as {"level": "debug", "for": "10m"}`)
		}
	case "application/x-www-form-urlencoded", "":
		if err := r.ParseForm(); err != nil { // of the address, too
			return order, errors.New("the form cannot be read")
		}
		body.Level, body.For = r.Form.Get("level"), r.Form.Get("for")
	default:
		return order, errors.New("the body must be a form, or JSON")
	}
	if body.Level == "reset" {
		return levelOrder{reset: true}, nil
	}
	if err := order.level.UnmarshalText([]byte(body.Level)); err != nil {
		return order, fmt.Errorf("level is %q: must be debug, info, warn, error, one of these with a number such as info+2, or reset", body.Level)
	}
	order.while = DefaultLevelTime
	if body.For != "" {
		order.while, err = time.ParseDuration(body.For)
	}
	if err != nil || order.while < 0 {
		return order, fmt.Errorf("for is %q: must be a duration such as 10m, or 0 for good", body.For)
	}
	return order, nil
}
