package envcfg

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Env is the variables without a struct: for scripts, for names that are only known at run time, and for moving code
// over that asks for one variable at a time. It finds values where [Load] does. Problems are collected; [Env.Err] returns
// them all. An Env is safe for concurrent use.
type Env struct {
	o      Options
	layers layers

	mu       sync.Mutex // guards what follows, and the layers' own problems
	order    []*Var
	vars     map[string]*Var
	problems problems
}

// Open reads the .env files and finds the environment. An error of theirs, an [*Error], is also returned by [Env.Err].
func Open(o Options) (*Env, error) {
	e := &Env{o: o, vars: make(map[string]*Var)}
	e.layers.open(&e.o)
	if len(e.layers.problems) > 0 {
		return e, &Error{Environment: e.layers.environment, Problems: e.layers.problems.sorted()}
	}
	return e, nil
}

// Environment returns the name of the environment.
func (e *Env) Environment() string { return e.layers.environment }

// IsProduction reports whether the environment is production.
func (e *Env) IsProduction() bool { return e.layers.environment == "production" }

// IsDevelopment reports whether the environment is development.
func (e *Env) IsDevelopment() bool { return e.layers.environment == "development" }

// Lookup returns the text of a variable and where it comes from. The text may be a secret.
func (e *Env) Lookup(name string) (Secret, Origin, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text, at, ok := e.layers.lookup(name)
	return NewSecret(text), at, ok
}

// Prefix returns all variables of the process environment and of the .env files whose names begin with prefix, without
// it. The values may be secrets.
func (e *Env) Prefix(prefix string) map[string]Secret {
	out := make(map[string]Secret)
	for _, f := range e.layers.files {
		for name, entry := range f.entries {
			if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
				out[rest] = entry.Value
			}
		}
	}
	e.layers.environ.names(false, func(name string) {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			value, _ := e.layers.environ.lookup(name)
			out[rest] = NewSecret(value)
		}
	})
	return out
}

// Require declares a variable that must be set, or have a default, and not be empty.
func (e *Env) Require(name string) *Var { return e.declare(name, true) }

// Optional declares a variable that may be missing.
func (e *Env) Optional(name string) *Var { return e.declare(name, false) }

func (e *Env) declare(name string, required bool) *Var {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.vars[name]
	if v == nil {
		v = &Var{env: e, name: name}
		e.vars[name] = v
		e.order = append(e.order, v)
	}
	v.required = v.required || required
	return v
}

// Err returns an [*Error] with all problems so far: of files, of declared variables that are missing or against a rule,
// and of reads whose text was not of the wanted type. It may be called again after more reads.
func (e *Env) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list problems
	for _, v := range e.order {
		list = append(list, v.problems()...)
	}
	list = append(list, e.problems...)
	list = append(list, e.layers.problems...)
	if len(list) == 0 {
		return nil
	}
	return &Error{Environment: e.layers.environment, Problems: list.sorted()}
}

// Get returns a variable as a T, which may be any type that a field of [Load] may have. When it is not set or empty, Get
// returns fallback; when its text is no T, Get returns fallback and [Env.Err] says so.
func Get[T any](e *Env, name string, fallback T) T {
	var t T
	e.mu.Lock()
	defer e.mu.Unlock()
	text, at, ok := e.layers.lookup(name)
	if !ok || text == "" {
		return fallback
	}
	l := &loader{o: e.o}
	v := reflect.ValueOf(&t).Elem()
	if reason, err := l.set(v, text, &tag{name: name}); reason != "" {
		f := field{tag: tag{name: name}, value: v}
		p := Problem{Kind: Invalid, Name: name, Origin: at, Reason: reason}
		if f.shows() {
			p.Reason, p.err = shown(displayed(text))+" "+reason, err
		}
		e.problems = append(e.problems, p)
		return fallback
	}
	return t
}

// Var is one declared variable of an [Env]. Its methods may be chained.
type Var struct {
	env      *Env
	name     string
	required bool
	fallback string
	hasFall  bool
	rules    []func(text string) error
}

// Default sets what the variable is when it is not set or empty. It is checked by the rules like any other value.
func (v *Var) Default(text string) *Var {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	v.fallback, v.hasFall = text, true
	return v
}

// Validate adds a rule for the text, such as [Check]("port"). Its error must say what would be right and must not repeat
// the text. A rule that panics has failed.
func (v *Var) Validate(rule func(text string) error) *Var {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	v.rules = append(v.rules, rule)
	return v
}

func (v *Var) resolve() (string, Origin) {
	text, at, ok := v.env.layers.lookup(v.name)
	if ok && text != "" {
		return text, at
	}
	if v.hasFall {
		return v.fallback, Origin{Layer: FromDefault}
	}
	return "", Origin{}
}

func (v *Var) problems() problems {
	text, at := v.resolve()
	if text == "" {
		if v.required {
			return problems{{Kind: Missing, Name: v.name, Reason: "required, but not set"}}
		}
		return nil
	}
	var list problems
	for _, rule := range v.rules {
		if err := safely(rule, text); err != nil {
			list = append(list, Problem{Kind: Invalid, Name: v.name, Origin: at, Reason: err.Error(), err: err})
		}
	}
	return list
}

// safely calls a rule that may panic. What it panics with is not shown: it may be the text.
func safely(rule func(string) error, text string) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("its rule panicked")
		}
	}()
	return rule(text)
}

// Text returns the variable's text, which may be a secret.
func (v *Var) Text() string {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	text, _ := v.resolve()
	return text
}

// as reads the variable as a T. A text that is no T is a problem of the Env.
func as[T any](v *Var) T {
	var fallback T
	v.env.mu.Lock()
	text, at := v.resolve()
	v.env.mu.Unlock()
	if text == "" {
		return fallback
	}
	if at.Layer != FromDefault {
		return Get(v.env, v.name, fallback)
	}
	l := &loader{o: v.env.o}
	if reason, err := l.set(reflect.ValueOf(&fallback).Elem(), text, &tag{name: v.name}); reason != "" {
		v.env.mu.Lock()
		defer v.env.mu.Unlock()
		v.env.problems = append(v.env.problems, Problem{Kind: BadDefault, Name: v.name, Origin: at, Reason: reason, err: err})
	}
	return fallback
}

// Bool returns true for true, yes, on and 1 in any case, false for their opposites and when not set.
func (v *Var) Bool() bool { return as[bool](v) }

// Int returns a whole number, 0 when not set.
func (v *Var) Int() int { return as[int](v) }

// Float returns a number, 0 when not set.
func (v *Var) Float() float64 { return as[float64](v) }

// Duration returns a duration such as "30s", 0 when not set.
func (v *Var) Duration() time.Duration { return as[time.Duration](v) }

// List returns the elements of a list separated by commas, without blanks around them and without empty ones.
func (v *Var) List() []string { return as[[]string](v) }

// Secret returns the text as a secret.
func (v *Var) Secret() Secret { return NewSecret(v.Text()) }

// JSON decodes the text into target, a pointer. A text that does not fit is a problem of the Env; target is then left as
// it is. Nothing happens when the variable is not set.
func (v *Var) JSON(target any) {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	text, at := v.resolve()
	if text == "" {
		return
	}
	if err := json.Unmarshal([]byte(text), target); err != nil {
		v.env.problems = append(v.env.problems, Problem{Kind: Invalid, Name: v.name, Origin: at, Reason: "is not JSON that fits"})
	}
}
