package envcfg

import (
	"reflect"
	"slices"
	"strings"
)

// Load returns a T, a struct, filled as its tags say; the package's documentation lists them. When anything is wrong it
// returns the zero T and an [*Error] with all problems.
func Load[T any](o Options) (T, error) {
	var t, zero T
	l := &loader{o: o}
	l.run(reflect.ValueOf(&t).Elem())
	if err := l.finish(); err != nil {
		return zero, err
	}
	return t, nil
}

// Fill is [Load] into a struct that may have values already: a field whose variable is not set and has no default keeps
// its value. After an error *t is as it was, but for what lies behind pointers and maps that a type of its own, or a
// Validate method, writes to.
func Fill[T any](t *T, o Options) error {
	_, err := fill(t, &loader{o: o}, nil)
	return err
}

// Explain is [Fill] with a [Report] of every setting. The report is there also when there is an error.
func Explain[T any](t *T, o Options) (*Report, error) {
	return fill(t, &loader{o: o}, &Report{})
}

func fill[T any](t *T, l *loader, report *Report) (*Report, error) {
	if t == nil {
		err := &Error{Problems: []Problem{{Kind: BadTag, Reason: "there is no " + reflect.TypeFor[T]().String() + " to fill: the pointer is nil"}}}
		if report != nil {
			*report = Report{Files: []string{}, Settings: []Setting{}, Problems: err.Problems}
		}
		return report, err
	}
	copied := *t
	l.report = report
	l.run(reflect.ValueOf(&copied).Elem())
	err := l.finish()
	if report != nil {
		report.complete(l, err)
	}
	if err == nil {
		*t = copied
	}
	return report, err
}

// loader fills one struct.
type loader struct {
	o        Options
	layers   layers
	plan     plan
	names    names
	problems problems
	warnings problems
	report   *Report  // nil when nobody wants one
	secrets  *secrets // see hidden
	absent   []absence

	again     bool // files are read again and again
	collect   bool // only collect the fields
	collected []field
}

func (l *loader) visit(f *field) {
	if l.collect {
		l.collected = append(l.collected, *f)
		return
	}
	l.names.add(f.name)
	l.field(f)
}

// run fills v. What is wrong is kept.
func (l *loader) run(v reflect.Value) {
	if !l.prepare(v) {
		return
	}
	l.plan.visit(v, l)
	if l.layers.environmentAt.Layer == FromDefault {
		l.names.add(EnvironmentName) // "ENVIRONMENTT=production" must not pass for development
	}
	l.problems = append(append(l.problems, l.plan.problems...), l.layers.wrong(l.hidden)...)
	l.findUnknown()
	l.attach()
	l.validate()
}

// prepare reads the process environment and the files.
func (l *loader) prepare(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		l.problems = problems{{Kind: BadTag, Reason: "only a struct can be filled, not " + v.Type().String()}}
		return false
	}
	l.layers.again = l.again
	l.layers.open(&l.o)
	return true
}

// finish returns the problems and passes the warnings on.
func (l *loader) finish() error {
	if l.o.OnWarning != nil {
		for _, w := range l.warnings {
			l.o.OnWarning(w)
		}
	}
	if len(l.problems) > 0 {
		return &Error{Environment: l.layers.shownEnvironment(l.hidden), Problems: l.problems.sorted()}
	}
	return nil
}

// field finds the value of one field and sets it.
func (l *loader) field(f *field) {
	var r resolution
	l.layers.resolve(f, &r)
	for _, p := range r.problems {
		l.note(f, p)
	}
	if r.found && (!r.has(f) || f.required && !f.empty && strings.TrimSpace(r.text) == "") {
		r.found = false
	}
	if f.hasProfiles {
		l.checkProfiles(f)
	}
	if r.found || r.failed {
		l.use(f, &r)
	} else if def, ok := l.fallback(f); ok {
		r = resolution{text: def, origin: Origin{Layer: FromDefault}, found: true}
	} else if f.required {
		l.missing(f, r.origin)
		return
	}
	if l.report != nil {
		l.report.add(l, f, &r)
	}
	if !r.found {
		return
	}
	reason, err := l.set(f.value, r.text, &f.tag)
	if reason == "" && f.required && !f.empty && isContainer(f.value.Type()) && isEmptyList(f.value) {
		reason = "is required, but has no elements"
	}
	if reason == "" && f.hasCheck {
		reason, err = l.check(f, r.text)
	}
	if reason != "" {
		l.invalid(f, &r, reason, err)
	}
}

func isEmptyList(v reflect.Value) bool {
	v = reflect.Indirect(v)
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// checkProfiles finds defaults for environments that are misspelt. Others may be those of another program that has the
// same struct.
func (l *loader) checkProfiles(f *field) {
	for _, p := range f.profiles() {
		if near := nearest(p.environment, l.o.environments()); near != "" && !l.o.knows(p.environment) {
			path := l.plan.path(f)
			l.fail(f, Problem{Kind: BadTag, Name: f.name, Field: path, Reason: path + " has a default for " + shown(p.environment) + ": did you mean " + near + "?"})
		}
	}
}

// fallback returns the default. It satisfies a required variable when it is a value.
func (l *loader) fallback(f *field) (string, bool) {
	if f.name == EnvironmentName {
		return "", false // it has its own
	}
	def, ok := f.defaultIn(l.layers.environment)
	return def, ok && (def != "" || f.empty || !f.required)
}

// note keeps what looking for a value brought up.
func (l *loader) note(f *field, p Problem) {
	p.Field = l.plan.path(f)
	if p.Kind == Deprecated {
		l.warnings = append(l.warnings, p)
		return
	}
	l.fail(f, p)
}

// use notes that one of a struct's variables is set.
func (l *loader) use(f *field, r *resolution) {
	if l.counts(f, r) {
		l.plan.structs[f.owner].used = true
	}
}

// counts says whether a value is a reason for a struct to be there. Every environment has a profile and a name, so these
// are none.
func (l *loader) counts(f *field, r *resolution) bool {
	return r.origin.Layer != FromProfile && r.origin.Layer != FromDefault && f.name != EnvironmentName
}

func (l *loader) fail(f *field, p Problem) {
	for i := f.owner; i >= 0; i = l.plan.structs[i].parent {
		l.plan.structs[i].failed = true
	}
	if !slices.ContainsFunc(l.problems, func(o Problem) bool { // two fields may share a variable
		return o.Kind == p.Kind && o.Name == p.Name && o.Origin == p.Origin && o.Reason == p.Reason && p.Name != ""
	}) {
		l.problems = append(l.problems, p)
	}
}

func (l *loader) missing(f *field, origin Origin) {
	reason := "required, but not set"
	if origin.Layer != "" {
		reason = "required, but empty in " + origin.String()
	}
	isFile := strings.HasSuffix(origin.Name, "_FILE")
	if doc := f.doc(); doc != "" {
		reason += ": " + doc
	}
	if example := f.example(); example != "" {
		reason += ", like " + example
	}
	if (f.file || f.isSecret()) && !isFile {
		reason += " (or " + f.name + "_FILE with the path of a file that holds it)"
	}
	if l.report != nil {
		l.report.add(l, f, &resolution{})
	}
	p := Problem{Kind: Missing, Name: f.name, Field: l.plan.path(f), Origin: origin, Reason: reason}
	if l.plan.isAbsent(f.owner) {
		l.absent = append(l.absent, absence{*f, p})
		return
	}
	l.fail(f, p)
}

// absence is a required variable of a struct that may not come into being.
type absence struct {
	field   field
	problem Problem
}

func (l *loader) invalid(f *field, r *resolution, reason string, err error) {
	kind := Invalid
	if r.origin.Layer == FromDefault {
		kind = BadDefault
	}
	if f.shows() {
		reason = shown(l.hidden().display(r.text)) + " " + reason
	}
	if err != nil {
		if f.safe && !f.isSecret() && err != errPanicked { //nolint:errorlint // it is never wrapped
			reason += ": " + l.hidden().hide(err.Error())
		}
		err = opaque(reason, err)
	}
	reason += serviceLink(r.text)
	l.fail(f, Problem{Kind: kind, Name: f.name, Field: l.plan.path(f), Origin: r.origin, Reason: reason, err: err})
}

// serviceLink recognises what Kubernetes sets for every service of a namespace, which collides with names such as
// DB_PORT when a service is called "db".
func serviceLink(text string) string {
	if strings.HasPrefix(text, "tcp://") || strings.HasPrefix(text, "udp://") {
		return "; it looks like one of Kubernetes' service links: set enableServiceLinks to false in the pod"
	}
	return ""
}

// attach puts structs behind pointers where they belong, if one of their variables is set.
func (l *loader) attach() {
	for i := len(l.plan.structs) - 1; i >= 0; i-- {
		s := &l.plan.structs[i]
		if s.used && s.parent >= 0 {
			l.plan.structs[s.parent].used = true
		}
		if s.pointer.IsValid() && (s.used || !s.pointer.IsNil()) {
			s.pointer.Set(s.value.Addr())
		}
	}
	for i := range l.absent {
		switch a := &l.absent[i]; {
		case !l.plan.isAbsent(a.field.owner):
			l.fail(&a.field, a.problem)
		case l.report != nil:
			l.report.notRequired(a.field.name)
		}
	}
}
