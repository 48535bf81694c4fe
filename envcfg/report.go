package envcfg

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is every setting of a configuration: where it comes from, and what it is where that may be shown. It is safe
// to print, to encode and to serve.
type Report struct {
	Environment string    `json:"environment"`
	Files       []string  `json:"files"` // the .env files that were read, the weakest first
	Settings    []Setting `json:"settings"`
	Problems    []Problem `json:"problems,omitempty"`
	Warnings    []Problem `json:"warnings,omitempty"`

	fields        []Setting                // all of them, also those that share a variable
	hide          func(text string) string // takes the secrets out
	missing       []string                 // the .env files that are not there
	environmentAt Origin
}

// Setting is one variable of a [Report].
type Setting struct {
	Name  string `json:"name"`
	Field string `json:"field"`
	Type  string `json:"type"`
	// Value is what the setting is, or "[redacted]". It is shown when the field's type makes it harmless (a number, a
	// boolean, a duration, a size, a choice with the rule oneof) or its tag has the option safe, or when it is the
	// default or the profile's value, which stand in the code anyway. Never shown are the values of secret types, of fields
	// with the option secret and of variables whose names say it (…_PASSWORD, …_TOKEN, …_KEY), unless they are safe or of
	// a harmless type; and no password in a URL.
	Value    string `json:"value"`
	Origin   Origin `json:"origin"`
	Default  string `json:"default,omitempty"`
	Doc      string `json:"doc,omitempty"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"`

	text  Secret // the value itself, for Lint
	makes bool   // it is one of those for which a struct behind a pointer is there
	typed bool   // it is a secret because of its type or an option, not only because of words in its name
}

// shows says whether values of the field may be shown.
func (f *field) shows() bool {
	if f.isSecret() {
		return false
	}
	if f.safe {
		return true
	}
	if check := f.check(); strings.HasPrefix(check, "oneof=") || check == "port" || check == "loglevel" {
		return true
	}
	t := f.value.Type()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[Bytes](), reflect.TypeFor[time.Location](), reflect.TypeFor[time.Time](), reflect.TypeFor[slog.Level]():
		return true
	}
	if t.PkgPath() != "" {
		return false // its text may be anything
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return true
	}
	return false
}

// add describes one field.
func (r *Report) add(l *loader, f *field, found *resolution) {
	def, _ := l.fallback(f)
	if f.name == EnvironmentName && !f.required {
		def = DefaultEnvironment
	}
	s := Setting{
		Name: f.name, Field: l.plan.path(f), Type: f.value.Type().String(), Origin: found.origin, Doc: f.doc(),
		Required: f.demanded(), Secret: f.isSecret(), typed: f.secret || reveals(f.value.Type(), 0),
	}
	kept := !found.found && !found.failed && !f.required && !f.value.IsZero()
	switch {
	case kept:
		s.Origin = Origin{Layer: FromCode}
	case s.Origin.Layer == "":
		s.Origin.Layer = FromNowhere
	}
	if found.found {
		s.text = NewSecret(found.text)
		s.makes = l.counts(f, found) && l.plan.isBehindPointer(f.owner)
	}
	if !s.Secret {
		s.Default = displayed(def)
	}
	switch {
	case kept && f.shows():
		s.Value = displayed(printed(f.value))
	case kept:
		s.Value = redacted
	case found.text == "":
	case s.Secret:
		s.Value = redacted
	case f.shows(), f.name == EnvironmentName, found.text == def, found.origin.Layer == FromProfile:
		s.Value = displayed(found.text)
	default:
		s.Value = redacted
	}
	r.fields = append(r.fields, s)
}

// printed is a value as it prints itself.
func printed(v reflect.Value) string {
	if _, ok := reflect.TypeAssert[fmt.Stringer](v); ok {
		return fmt.Sprint(v.Interface())
	}
	return fmt.Sprint(reflect.Indirect(v))
}

// notRequired corrects the setting of a struct that is not there.
func (r *Report) notRequired(name string) {
	for i := range r.fields {
		r.fields[i].Required = r.fields[i].Required && r.fields[i].Name != name
	}
}

// complete adds what is known at the end, and takes secrets out of values that were shown because of their type.
func (r *Report) complete(l *loader, err error) {
	r.Files, r.Settings = []string{}, []Setting{} // JSON has no null for a list
	r.Environment = l.layers.shownEnvironment(l.hidden)
	for _, f := range l.layers.files {
		r.Files = append(r.Files, f.path)
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // it is this package's own
		r.Problems = e.Problems
	}
	r.Warnings = l.warnings
	r.missing, r.environmentAt = l.layers.missing, l.layers.environmentAt
	r.settle(l)
}

// settle hides what must not be shown, now that all is known, and makes one setting of the fields that share a variable:
// the first, which is a secret if any of them is.
func (r *Report) settle(l *loader) {
	secret, typed := make(map[string]bool, len(r.fields)), make(map[string]bool, len(r.fields))
	for i := range r.fields {
		secret[r.fields[i].Name] = secret[r.fields[i].Name] || r.fields[i].Secret
		typed[r.fields[i].Name] = typed[r.fields[i].Name] || r.fields[i].typed
	}
	l.secrets = nil // the fields hold more of them now
	r.hide = l.hidden().hide
	seen := make(map[string]bool, len(r.fields))
	for i := range r.fields {
		s := &r.fields[i]
		s.typed = typed[s.Name]
		if s.Secret = secret[s.Name]; s.Secret {
			s.Default = ""
		}
		switch {
		case s.Value == "":
		case s.Secret:
			s.Value = redacted
		default:
			s.Value = l.hidden().hide(s.Value)
		}
		if !seen[s.Name] {
			r.Settings = append(r.Settings, *s)
		}
		seen[s.Name] = true
	}
}

// Setting returns the setting of a variable.
func (r *Report) Setting(name string) (Setting, bool) {
	i := slices.IndexFunc(r.Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return r.Settings[i], true
}

// Export calls set, os.Setenv for instance, for each setting that comes from a .env file or a profile, for libraries that
// read the process environment by themselves. This package never writes to it. Call it when there is no problem.
func (r *Report) Export(set func(name, value string) error) error {
	for i := range r.Settings {
		s := &r.Settings[i]
		if s.Origin.Layer != FromFile && s.Origin.Layer != FromProfile {
			continue
		}
		if err := set(s.Name, s.text.Reveal()); err != nil {
			return fmt.Errorf("envcfg: export %s: %w", s.Name, err)
		}
	}
	return nil
}

// String returns the report as a table.
func (r *Report) String() string {
	var b strings.Builder
	_, _ = r.WriteTo(&b)
	return b.String()
}

// WriteTo writes the report as a table, one line for each setting.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "environment %s", shown(r.Environment))
	if len(r.Files) > 0 {
		fmt.Fprintf(&b, ", files %s", strings.Join(r.Files, ", "))
	}
	b.WriteByte('\n')
	name, value := len("NAME"), len("VALUE")
	for _, s := range r.Settings {
		name, value = max(name, len(s.Name)), max(value, min(utf8.RuneCountInString(s.Value), 40))
	}
	fmt.Fprintf(&b, "%-*s  %-*s  %s\n", name, "NAME", value, "VALUE", "ORIGIN")
	for _, s := range r.Settings {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", name, s.Name, value, oneLine(s.Value), s.Origin)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem: %s\n", p.Error())
	}
	for _, p := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", p.Error())
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// oneLine makes control characters visible, so that a value cannot forge lines.
func oneLine(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return text
	}
	return fmt.Sprintf("%q", text)
}

// ServeHTTP serves the report to GET and HEAD: as JSON, or as text when the request accepts text/plain or text/html and
// not JSON. It shows names and origins of all settings, so it belongs on an internal port.
func (r *Report) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	accept := req.Header.Get("Accept")
	if strings.Contains(accept, "text/") && !strings.Contains(accept, "json") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = r.WriteTo(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(r)
}
