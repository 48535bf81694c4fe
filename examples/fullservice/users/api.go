// Package users is the business of the example service: people with a name and an e-mail address.
package users

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prodwright/prodwright/examples/fullservice/problem"
)

// Limits of the API.
const (
	MaxBody        = 16 << 10 // bytes
	DefaultLimit   = 100
	MaxLimit       = 1000
	RequestTimeout = 10 * time.Second // of one request, waiting for a connection included
)

// ReadFrom is the response header that tells which server answered a read.
const ReadFrom = "X-Read-From"

// API returns the handler of /users. Every failure is answered with problem JSON.
func API(s *Store) http.Handler {
	a := &api{s}
	mux := http.NewServeMux()
	mux.Handle("POST /users", handler(a.create))
	mux.Handle("GET /users", handler(a.list))
	mux.Handle("GET /users/{id}", handler(a.get))
	mux.Handle("/users", notAllowed("GET, HEAD, POST"))
	mux.Handle("/users/{id}", notAllowed("GET, HEAD"))
	mux.Handle("/", problem.New(http.StatusNotFound, "there is nothing here; see /users"))
	return mux
}

type api struct{ store *Store }

func (a *api) create(w http.ResponseWriter, r *http.Request) error {
	in, err := decode(w, r)
	if err != nil {
		return err
	}
	if faults := in.faults(); len(faults) > 0 {
		return problem.New(http.StatusUnprocessableEntity, "the user is not acceptable", faults...)
	}
	u, err := a.store.Create(r.Context(), in.Name, in.Email)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("/users/%d", u.ID))
	return answer(w, http.StatusCreated, u)
}

func (a *api) get(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 63)
	if err != nil || id < 1 {
		return problem.New(http.StatusBadRequest, "the id must be a positive number")
	}
	u, from, err := a.store.Get(r.Context(), int64(id))
	if err != nil {
		return err
	}
	w.Header().Set(ReadFrom, string(from))
	return answer(w, http.StatusOK, u)
}

func (a *api) list(w http.ResponseWriter, r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem.New(http.StatusBadRequest, "the query cannot be read")
	}
	limit, err1 := number(query["limit"], "limit", DefaultLimit, 1, MaxLimit)
	offset, err2 := number(query["offset"], "offset", 0, 0, 1<<31-1)
	if err := errors.Join(err1, err2); err != nil {
		return problem.New(http.StatusBadRequest, err.Error())
	}
	us, from, err := a.store.List(r.Context(), limit, offset)
	if err != nil {
		return err
	}
	w.Header().Set(ReadFrom, string(from))
	return answer(w, http.StatusOK, Page{us, limit, offset})
}

// Page is the answer to a list.
type Page struct {
	Users  []User `json:"users"`
	Limit  int    `json:"limit"`
	Offset int    `json:"offset"`
}

// number reads a number that the query may have once.
func number(given []string, name string, fallback, low, high int) (int, error) {
	if len(given) == 0 {
		return fallback, nil
	}
	n, err := strconv.ParseUint(given[0], 10, 31)
	if err != nil || len(given) > 1 || int(n) < low || int(n) > high {
		return 0, fmt.Errorf("%s must be a number from %d to %d", name, low, high)
	}
	return int(n), nil
}

// handler is one that may fail.
type handler func(http.ResponseWriter, *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), RequestTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	if err := h(w, r); err != nil {
		explain(r, err).ServeHTTP(w, r)
	}
}

// explain turns an error into what the client may know about it.
func explain(r *http.Request, err error) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrNotFound):
		return problem.New(http.StatusNotFound, err.Error())
	case errors.Is(err, ErrTaken):
		return problem.New(http.StatusConflict, err.Error())
	}
	slog.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	return problem.New(http.StatusServiceUnavailable, "the service cannot answer now, try again later")
}

func notAllowed(allow string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		problem.New(http.StatusMethodNotAllowed, "this takes "+allow).ServeHTTP(w, r)
	})
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client is gone when this fails
	return nil
}
