package envcfg

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// secrets are texts that no message may repeat.
type secrets struct {
	texts  map[string]bool // in all ways in which they are written; true for those that are themselves
	sorted []string        // those that are looked for inside other texts, the longest first
	folded []string        // of those that are themselves, in lower case, the longest first
}

// shortest is the least length of a secret that is looked for inside other texts, in bytes. A shorter one is hidden only
// where it is all of a text: it would be found everywhere. One of shortestFolded bytes is also found in another case.
const (
	shortest       = 4
	shortestFolded = 6
)

// add adds a secret, and the passwords in it.
func (s *secrets) add(text string) {
	s.one(text)
	s.passwords(text)
}

// one adds a secret in the ways in which a message may write it.
func (s *secrets) one(text string) {
	s.keep(text, true)
	s.keep(strings.TrimSpace(text), true)
	if text == "" {
		return
	}
	quoted := strconv.Quote(text)
	s.keep(quoted[1:len(quoted)-1], false)
	s.keep(url.QueryEscape(text), false)
	if len(text) >= shortest {
		bytes := []byte(text)
		s.keep(hex.EncodeToString(bytes), true) // in capitals, too
		s.keep(base64.RawStdEncoding.EncodeToString(bytes), false)
		s.keep(base64.RawURLEncoding.EncodeToString(bytes), false)
		s.keep(strings.Trim(fmt.Sprintf("%d", bytes), "[]"), false)
	}
}

func (s *secrets) keep(text string, itself bool) {
	if s.texts == nil {
		s.texts = make(map[string]bool)
	}
	if known, ok := s.texts[text]; text != "" && (!ok || itself && !known) {
		s.texts[text] = itself
		s.sorted = nil
	}
}

// encoded adds a secret that may be percent-encoded.
func (s *secrets) encoded(text string) {
	s.one(text)
	for _, decode := range [...]func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if decoded, err := decode(text); err == nil && decoded != text {
			s.one(decoded)
		}
	}
}

// passwords adds what is secret in a URL, in "user:password@host" or among settings such as "host=h password=p", also in a
// text that cannot be parsed.
func (s *secrets) passwords(text string) {
	rest := text
	scheme, after, isURL := strings.Cut(text, "://")
	if isURL {
		rest = after
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, ok := strings.Cut(rest[:at], ":")
		switch {
		case ok:
			s.encoded(password)
		case isURL && strings.HasPrefix(scheme, "http"):
			s.encoded(user) // a token, as in https://token@host
		}
	}
	if u, err := url.Parse(text); isURL && err == nil {
		if password, ok := u.User.Password(); ok {
			s.one(password)
		}
	}
	eachPassword(text, s.encoded)
}

// held adds what a value holds: texts, bytes, numbers and what reveals itself, also in lists and maps. Keys of maps are
// names, unless they reveal themselves.
func (s *secrets) held(v reflect.Value, depth int) {
	if depth > maxNesting || !v.CanInterface() {
		return
	}
	if r, ok := reflect.TypeAssert[revealer](addressable(v)); ok {
		_ = guarded(func() error { s.add(r.Reveal()); return nil })
		return
	}
	if u, ok := reflect.TypeAssert[url.URL](v); ok {
		s.add(u.String()) // its parts are no secrets
		return
	}
	switch v.Kind() {
	case reflect.String:
		s.add(v.String())
	case reflect.Pointer, reflect.Interface:
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
			if reveals(key.Type(), 0) {
				s.held(key, depth+1)
			}
			s.held(element, depth+1)
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			s.held(f, depth+1)
		}
	default:
		if v.CanInt() || v.CanUint() || v.CanFloat() {
			s.keep(fmt.Sprint(v.Interface()), true)
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

// hide returns text without the secrets. A text that has one in another case, or escaped in another way, is withheld.
func (s *secrets) hide(text string) string {
	if _, ok := s.texts[text]; ok {
		return redacted
	}
	s.sort()
	for _, t := range notLonger(s.sorted, len(text)) {
		text = strings.ReplaceAll(text, t, redacted)
	}
	for _, way := range [...]string{text, unpercent(text), unpercent(strings.ReplaceAll(text, "+", " ")), unbackslash(text)} {
		way = strings.ToLower(strings.ReplaceAll(way, redacted, "\x00"))
		for _, t := range notLonger(s.folded, len(way)) {
			if strings.Contains(way, t) {
				return redacted
			}
		}
	}
	return text
}

// sort puts the longest first: one may contain another.
func (s *secrets) sort() {
	if s.sorted != nil || len(s.texts) == 0 {
		return
	}
	s.sorted, s.folded = []string{}, nil
	for t, itself := range s.texts {
		if len(t) >= shortest {
			s.sorted = append(s.sorted, t)
		}
		if itself && len(t) >= shortestFolded {
			s.folded = append(s.folded, strings.ToLower(t))
		}
	}
	longer := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	slices.SortFunc(s.sorted, longer)
	slices.SortFunc(s.folded, longer)
}

// notLonger returns those of the texts that fit into a length.
func notLonger(texts []string, length int) []string {
	i, _ := slices.BinarySearchFunc(texts, length, func(t string, n int) int { return n - len(t) })
	return texts[i:]
}

// unpercent decodes %41 wherever it stands.
func unpercent(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// unbackslash decodes the escapes of Go and JSON wherever they stand.
func unbackslash(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for text != "" {
		if text[0] == '\\' {
			if r, _, rest, err := strconv.UnquoteChar(text, '"'); err == nil {
				b.WriteRune(r)
				text = rest
				continue
			}
		}
		b.WriteByte(text[0])
		text = text[1:]
	}
	return b.String()
}

// display returns a value as a message or a report shows it. Secrets are taken out before anything is shortened.
func (s *secrets) display(text string) string {
	if _, ok := s.texts[text]; ok {
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
