package logging

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// DefaultLevelTime is how long a level is set over HTTP when the request does not say for how long.
const DefaultLevelTime = time.Hour

// ServeHTTP shows the levels and changes them:
//
//	GET                                                     all levels
//	PUT  {"name": "app.db", "level": "DEBUG", "for": "15m"} sets one for a while; "for": "0s" is without an end
//	PUT  {"name": "app.db"}                                 gives one its configured level again
//
// All answer with all levels, as JSON. The body must be JSON by its Content-Type, so that no form on another site can send
// it. Who may change levels is for the host to decide: put it behind its own check.
func (l *Levels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPut:
		if status, err := l.change(r); err != nil {
			http.Error(w, err.Error(), status)
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT")
		http.Error(w, "method not allowed: use GET or PUT", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(l.answer()) // the client has gone
}

// change does what a request asks for, or returns the status of its answer.
func (l *Levels) change(r *http.Request) (status int, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return http.StatusUnsupportedMediaType, errors.New("the Content-Type must be application/json")
	}
	var order struct {
		Name, Level string
		For         *string
	}
	const most = 4 << 10
	d := json.NewDecoder(io.LimitReader(r.Body, most))
	d.DisallowUnknownFields()
	if err := d.Decode(&order); err != nil {
		return http.StatusBadRequest, fmt.Errorf("the body is not as in {\"name\": \"app.db\", \"level\": \"DEBUG\", \"for\": \"15m\"}: %w", err)
	}
	if order.Level == "" {
		l.Reset(order.Name)
		return 0, nil
	}
	level, err := ParseLevel(order.Level)
	if err != nil {
		return http.StatusBadRequest, err
	}
	while := DefaultLevelTime
	if order.For != nil {
		if while, err = time.ParseDuration(*order.For); err != nil || while < 0 {
			return http.StatusBadRequest, fmt.Errorf("for is %q: must be a duration such as 15m, or 0s for no end", *order.For)
		}
	}
	if err := l.Set(order.Name, level, while); err != nil {
		return http.StatusBadRequest, err
	}
	return 0, nil
}

// levelAnswer is one level of the answer.
type levelAnswer struct {
	Name  string     `json:"name"`
	Level string     `json:"level"`
	Usual string     `json:"usual,omitempty"` // what it is when nothing is set
	Until *time.Time `json:"until,omitempty"`
}

func (l *Levels) answer() []levelAnswer {
	all := []levelAnswer{}
	for _, s := range l.All() {
		a := levelAnswer{Name: s.Name, Level: LevelName(s.Level)}
		if s.Set {
			a.Usual = LevelName(s.Usual)
		}
		if !s.Until.IsZero() {
			until := s.Until.UTC()
			a.Until = &until
		}
		all = append(all, a)
	}
	return all
}
