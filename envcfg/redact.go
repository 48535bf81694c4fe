package envcfg

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// secrets are texts that no message may repeat, in the ways in which a message may write them.
type secrets struct{ texts []string }

// shortest is the least length of a secret that is looked for inside other texts, in bytes. A shorter one is hidden only
// where it is all of a text: it would be found everywhere.
const shortest = 4

// add adds a secret, and the passwords in it.
func (s *secrets) add(text string) {
	s.one(text)
	s.passwords(text)
}

func (s *secrets) one(text string) {
	quoted := strconv.Quote(text)
	for _, t := range [...]string{text, strings.TrimSpace(text), quoted[1 : len(quoted)-1], url.QueryEscape(text), url.PathEscape(text)} {
		if t != "" && !slices.Contains(s.texts, t) {
			s.texts = append(s.texts, t)
		}
	}
}

// encoded adds a secret that may be percent-encoded.
func (s *secrets) encoded(text string) {
	s.one(text)
	for _, decode := range [...]func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if decoded, err := decode(text); err == nil {
			s.one(decoded)
		}
	}
}

// passwords adds what is secret in a URL or in a list of settings such as "host=h password=p", also in one that cannot be
// parsed.
func (s *secrets) passwords(text string) {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			if _, password, ok := strings.Cut(rest[:at], ":"); ok {
				s.encoded(password)
			}
		}
		if u, err := url.Parse(text); err == nil {
			if password, ok := u.User.Password(); ok {
				s.one(password)
			}
		}
	}
	for part := range strings.FieldsFuncSeq(text, isSettingSeparator) {
		if key, value, ok := strings.Cut(part, "="); ok && secretKey(key) {
			s.encoded(value)
		}
	}
}

// held adds what a value holds: texts, bytes and what reveals itself, also in lists and maps.
func (s *secrets) held(v reflect.Value, depth int) {
	if depth > maxNesting || !v.CanInterface() {
		return
	}
	if r, ok := reflect.TypeAssert[revealer](addressable(v)); ok {
		s.add(r.Reveal())
		return
	}
	switch v.Kind() {
	case reflect.String:
		s.add(v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			s.held(v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			s.add(string(v.Bytes()))
			return
		}
		for i := range v.Len() {
			s.held(v.Index(i), depth+1)
		}
	case reflect.Map:
		for key, element := range v.Seq2() {
			s.held(key, depth+1)
			s.held(element, depth+1)
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			s.held(f, depth+1)
		}
	}
}

// addressable returns a pointer to v, or to a copy of it.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

// hide returns text without the secrets.
func (s *secrets) hide(text string) string {
	if slices.Contains(s.texts, text) {
		return redacted
	}
	slices.SortFunc(s.texts, func(a, b string) int { return len(b) - len(a) }) // one may contain another
	for _, t := range s.texts {
		if len(t) >= shortest {
			text = strings.ReplaceAll(text, t, redacted)
		}
	}
	return text
}

// display returns a value as a message or a report shows it. Secrets are taken out before anything is shortened.
func (s *secrets) display(text string) string {
	if slices.Contains(s.texts, text) {
		return redacted
	}
	return s.hide(displayed(text))
}

// hidden returns the secrets of a load: what any place gives to its secret variables, what their fields hold, and the
// passwords in the URLs of all. They are collected when something is to be shown.
func (l *loader) hidden() *secrets {
	if l.secrets != nil {
		return l.secrets
	}
	l.secrets = new(secrets)
	if l.plan.structs == nil {
		return l.secrets
	}
	fields := l.plan.fields()
	for i := range fields {
		f := &fields[i]
		add := l.secrets.passwords
		if f.isSecret() {
			add = l.secrets.add
			l.secrets.held(f.value, 0)
		} else if text, ok := reflect.TypeAssert[string](f.value); ok {
			add(text)
		}
		l.layers.everywhere(f, add)
	}
	return l.secrets
}
