package envcfg

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// secrets are texts that no message may repeat.
type secrets struct {
	texts map[string]bool // in all ways in which they are written; true for those that are themselves

	exact  finder // of those that are looked for inside other texts; made from texts when it is nil
	folded finder // of those that are themselves, in lower case
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
		s.exact = nil
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
		case isURL && strings.HasPrefix(scheme, "http") && !strings.Contains(user, "/"):
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

// held adds what a value holds: texts, bytes, numbers and what reveals itself, also in lists and maps.
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
			s.held(key, depth+1)
			s.held(element, depth+1)
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			s.held(f, depth+1)
		}
	default:
		if v.CanInt() || v.CanUint() || v.CanFloat() {
			if number := fmt.Sprint(v.Interface()); len(number) >= shortest { // 0 and 1 are everywhere
				s.keep(number, true)
			}
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
	s.prepare()
	text = s.exact.replace(text)
	rest := strings.ReplaceAll(text, redacted, "\x00")
	if s.folded.finds(strings.ToLower(rest)) {
		return redacted
	}
	for _, decoded := range [...]string{unpercent(rest), unpercent(strings.ReplaceAll(rest, "+", " ")), unbackslash(rest), html.UnescapeString(rest)} {
		if decoded != rest && (s.exact.finds(decoded) || s.folded.finds(strings.ToLower(decoded))) {
			return redacted
		}
	}
	return text
}

func (s *secrets) prepare() {
	if s.exact != nil {
		return
	}
	s.exact, s.folded = make(finder), make(finder)
	for text, itself := range s.texts {
		if len(text) >= shortest {
			s.exact.add(text)
		}
		if itself && len(text) >= shortestFolded {
			s.folded.add(strings.ToLower(text))
		}
	}
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
		r, length := unescaped(text)
		b.WriteString(r)
		text = text[length:]
	}
	return b.String()
}

// unescaped returns what the beginning of a text stands for, and its length.
func unescaped(text string) (string, int) {
	switch {
	case text[0] != '\\' || len(text) < 2:
		return text[:1], 1
	case text[1] == '/' || text[1] == '\'':
		return text[1:2], 2
	}
	if r, _, rest, err := strconv.UnquoteChar(text, '"'); err == nil {
		return string(r), len(text) - len(rest)
	}
	const pair = len(`\ud83d\ude00`) // of UTF-16, in JSON
	if len(text) >= pair && text[1] == 'u' && text[6:8] == `\u` {
		high, err := strconv.ParseUint(text[2:6], 16, 16)
		low, err2 := strconv.ParseUint(text[8:12], 16, 16)
		if r := utf16.DecodeRune(rune(high), rune(low)); err == nil && err2 == nil && r != unicode.ReplacementChar {
			return string(r), pair
		}
	}
	return text[:1], 1
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
