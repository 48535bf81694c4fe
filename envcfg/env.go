package envcfg

import (
	"reflect"
	"slices"
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

	mu      sync.Mutex // guards what follows, and the layers
	order   []*Var
	vars    map[string]*Var
	secret  map[string]bool // the names that were asked for, and whether they are secrets
	mishaps []mishap
}

// mishap is a problem of an [Env], and what may be shown of it when all secrets are known.
type mishap struct {
	Problem

	text  string // the value
	shows bool
}

// Open reads the .env files and finds the environment. An error of theirs, an [*Error], is also returned by [Env.Err].
func Open(o Options) (*Env, error) {
	e := &Env{o: o, vars: make(map[string]*Var), secret: make(map[string]bool)}
	e.layers.open(&e.o)
	return e, e.Err()
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
	var r resolution
	e.resolve(&field{tag: tag{name: name}, value: reflect.ValueOf("")}, &r)
	return NewSecret(r.text), r.origin, r.found
}

// Prefix returns all variables of the process environment and of the .env files whose names begin with prefix, without
// it. The values may be secrets.
func (e *Env) Prefix(prefix string) map[string]Secret {
	e.mu.Lock()
	defer e.mu.Unlock()
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

// resolve finds a value as [Load] does and notes what is wrong with it.
func (e *Env) resolve(f *field, r *resolution) {
	e.secret[f.name] = e.secret[f.name] || f.isSecret()
	f.secret = e.secret[f.name] // also when it was only asked for as one before
	e.layers.resolve(f, r)
	for _, p := range r.problems { // an Env knows no old names, so none is a warning
		e.note(mishap{Problem: p})
	}
}

// value is resolve, and then what [Var.Default] said.
func (e *Env) value(f *field) resolution {
	var r resolution
	e.resolve(f, &r)
	if v := e.vars[f.name]; !r.has(f) && !r.failed && v != nil && v.hasFall {
		r = resolution{text: v.fallback, origin: Origin{Layer: FromDefault}, found: v.fallback != ""}
	}
	return r
}

// note keeps a problem once, however often the variable is read.
func (e *Env) note(m mishap) {
	if !slices.ContainsFunc(e.mishaps, func(o mishap) bool {
		return o.Kind == m.Kind && o.Name == m.Name && o.Origin == m.Origin && o.Reason == m.Reason
	}) {
		e.mishaps = append(e.mishaps, m)
	}
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
	order := make([]Var, len(e.order))
	values := make([]resolution, len(e.order))
	for i, v := range e.order {
		order[i], values[i] = *v, e.value(v.field())
	}
	s := e.hidden()
	var list problems
	for _, m := range e.mishaps {
		if m.shows {
			m.Reason = shown(s.display(m.text)) + " " + m.Reason
		}
		list = append(list, m.Problem)
	}
	list = append(list, e.layers.wrong(func() *secrets { return s })...)
	environment := e.layers.shownEnvironment(func() *secrets { return s })
	e.mu.Unlock()

	var declared problems // rules are not called with the lock held
	for i := range order {
		declared = append(declared, order[i].problems(&values[i], s)...)
	}
	if list = append(declared, list...); len(list) == 0 {
		return nil
	}
	return &Error{Environment: environment, Problems: list.sorted()}
}

// hidden returns the secrets among the variables that were asked for.
func (e *Env) hidden() *secrets {
	s := new(secrets)
	for name, secret := range e.secret {
		add := s.passwords
		if secret {
			add = s.add
		}
		e.layers.everywhere(&field{tag: tag{name: name, secret: secret}, value: reflect.ValueOf("")}, add)
	}
	return s
}

// Get returns a variable as a T, which may be any type that a field of [Load] may have. When it is not set or empty, Get
// returns what [Var.Default] set, or else fallback; when its text is no T, Get returns fallback and [Env.Err] says so.
func Get[T any](e *Env, name string, fallback T) T {
	var t T
	e.mu.Lock()
	f := field{tag: tag{name: name}, value: reflect.ValueOf(&t).Elem()}
	r := e.value(&f)
	e.mu.Unlock()
	if r.text == "" {
		return fallback
	}
	l := &loader{o: e.o} // its parsers are not called with the lock held
	reason, err := l.set(f.value, r.text, &f.tag)
	if reason == "" {
		return t
	}
	m := mishap{Problem{Kind: Invalid, Name: name, Origin: r.origin, Reason: reason}, r.text, f.shows()}
	if r.origin.Layer == FromDefault {
		m.Kind, m.shows = BadDefault, false
	}
	if err != nil {
		m.err = opaque(reason, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.note(m)
	return fallback
}

// Var is one declared variable of an [Env]. Its methods may be chained.
type Var struct {
	env      *Env
	name     string
	required bool
	fallback string
	hasFall  bool
	secret   bool
	rules    []func(text string) error
}

// Default sets what the variable is when it is not set or empty. It is checked by the rules like any other value. One of
// ENVIRONMENT does not count, as [Options].Environment is its place, and is a problem.
func (v *Var) Default(text string) *Var {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	if v.name == EnvironmentName && text != v.env.layers.environment {
		v.env.note(mishap{Problem: Problem{Kind: BadDefault, Name: v.name, Reason: "has no default of its own: pass one as Options.Environment"}})
		return v
	}
	v.fallback, v.hasFall = text, true
	return v
}

// Validate adds a rule for the text, such as [Check]("port"). Its error must say what would be right; the text is taken out
// of it, and for secrets only the errors of [Check] are shown. A rule that panics has failed.
func (v *Var) Validate(rule func(text string) error) *Var {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	v.rules = append(v.rules, rule)
	return v
}

// field is the variable as [Load] would see it.
func (v *Var) field() *field {
	return &field{tag: tag{name: v.name, required: v.required, secret: v.secret}, value: reflect.ValueOf("")}
}

// problems judges a copy of the variable.
func (v *Var) problems(r *resolution, s *secrets) problems {
	if r.text == "" {
		if v.required && !r.failed {
			return problems{{Kind: Missing, Name: v.name, Reason: "required, but not set"}}
		}
		return nil
	}
	var own secrets
	own.add(r.text)
	var list problems
	for _, rule := range v.rules {
		err := guarded(func() error { return rule(r.text) })
		if err == nil {
			continue
		}
		reason := err.Error()
		switch _, ours := err.(ruleError); { //nolint:errorlint // an error around it may repeat the text
		case err == errPanicked: //nolint:errorlint // it is never wrapped
			reason = "its rule panicked"
		case ours:
		case v.field().isSecret():
			reason = "is against its rule"
		default:
			reason = s.hide(own.hide(reason))
		}
		list = append(list, Problem{Kind: Invalid, Name: v.name, Origin: r.origin, Reason: reason, err: opaque(reason, err)})
	}
	return list
}

// read returns the value.
func (v *Var) read() resolution {
	v.env.mu.Lock()
	defer v.env.mu.Unlock()
	return v.env.value(v.field())
}

// Text returns the variable's text, which may be a secret.
func (v *Var) Text() string { return v.read().text }

// as reads the variable as a T. A text that is no T is a problem of the Env.
func as[T any](v *Var) T {
	var zero T
	return Get(v.env, v.name, zero)
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

// Secret returns the text as a secret, which may also stand in the file that NAME_FILE names.
func (v *Var) Secret() Secret {
	v.env.mu.Lock()
	v.secret = true
	v.env.mu.Unlock()
	return NewSecret(v.Text())
}

// JSON decodes the text into target, a pointer. A text that does not fit is a problem of the Env; target is then left as
// it is. Nothing happens when the variable is not set.
func (v *Var) JSON(target any) {
	r := v.read()
	if r.text == "" {
		return
	}
	reason := "cannot be decoded: JSON needs a pointer"
	if p := reflect.ValueOf(target); p.Kind() == reflect.Pointer && !p.IsNil() {
		reason, _ = setJSON(p.Elem(), r.text)
	}
	if reason != "" {
		v.env.mu.Lock()
		defer v.env.mu.Unlock()
		v.env.note(mishap{Problem: Problem{Kind: Invalid, Name: v.name, Origin: r.origin, Reason: reason}})
	}
}
