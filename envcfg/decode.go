package envcfg

import (
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// set parses text into v. It returns what is wrong, without repeating text, and the cause if there is one.
func (l *loader) set(v reflect.Value, text string, t *tag) (reason string, err error) {
	for i := range l.o.Parsers {
		if p := &l.o.Parsers[i]; p.typ == v.Type() {
			return parseWith(p, v, text)
		}
	}
	if t.json {
		return setJSON(v, text)
	}
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *int:
		return setInt(v, text, t)
	case *bool:
		return setBool(v, text)
	case *[]string:
		if strings.Contains(text, "[") { // it may be JSON
			return l.setSlice(v, text, t)
		}
		*p = splitList(text, t)
	case *time.Duration:
		*p, reason = parseDuration(text, t.unit())
		return reason, nil
	case *Bytes:
		*p, reason = parseBytes(text)
		return reason, nil
	case *url.URL:
		return setURL(p, text)
	case **time.Location:
		if *p, _ = time.LoadLocation(text); *p == nil {
			return "is no time zone, like Europe/Berlin or UTC", nil
		}
	case encoding.TextUnmarshaler:
		return unmarshal(v, text)
	default:
		return l.setKind(v, text, t)
	}
	return "", nil
}

func parseWith(p *TypeParser, v reflect.Value, text string) (reason string, err error) {
	if err := guarded(func() error { return p.parse(v, text) }); err != nil {
		return reasonOf(err, "is not valid", "parser"), err
	}
	return "", nil
}

// unmarshal reads into a new value: what the field held before may share memory with a copy that is to stay as it is.
func unmarshal(v reflect.Value, text string) (reason string, err error) {
	target := reflect.New(v.Type())
	if v.Kind() == reflect.Map { // its method may have no pointer to make one
		target.Elem().Set(reflect.MakeMap(v.Type()))
	}
	u, _ := reflect.TypeAssert[encoding.TextUnmarshaler](target)
	if err := guarded(func() error { return u.UnmarshalText([]byte(text)) }); err != nil {
		if wanted := expectation(u); wanted != "" {
			return "is not " + wanted, nil // which says it all
		}
		return reasonOf(err, "is not a valid "+v.Type().String(), "UnmarshalText method"), err
	}
	v.Set(target.Elem())
	return "", nil
}

// setKind handles what is left by what it is made of.
func (l *loader) setKind(v reflect.Value, text string, t *tag) (reason string, err error) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		return setBool(v, text)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt(v, text, t)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint(v, text, t)
	case reflect.Float32, reflect.Float64:
		return setFloat(v, text), nil
	case reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		if reason, err := l.set(target.Elem(), text, t); reason != "" {
			return reason, err
		}
		v.Set(target)
	case reflect.Slice:
		return l.setSlice(v, text, t)
	case reflect.Map:
		return l.setMap(v, text, t)
	default:
		return "cannot be put into a " + v.Type().String() + ": give its type an UnmarshalText method, or use the option json", nil
	}
	return "", nil
}

// setURL does not return the error of url.Parse, which repeats the text.
func setURL(p *url.URL, text string) (string, error) {
	u, ok := completeURL(text)
	if !ok {
		return "is not a complete URL, like https://host/path", nil
	}
	*p = *u
	return "", nil
}

// completeURL parses a URL that has all it needs: host:port is none, though it looks like a scheme with something behind
// it, and a URL of a web server has a host.
func completeURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "":
		return nil, false
	case u.Opaque != "": // mailto:somebody
		port, _, _ := strings.Cut(u.Opaque, "/")
		_, err := strconv.ParseUint(port, 10, 16)
		return u, err != nil || u.Scheme == "tel" || u.Scheme == "sms"
	case needsHost(u.Scheme):
		return u, u.Hostname() != ""
	}
	return u, u.Host != "" || u.Path != "" || u.RawQuery != ""
}

// needsHost says whether URLs of a scheme are always of a host. Others have defaults, or paths.
func needsHost(scheme string) bool {
	return scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss"
}

func setBool(v reflect.Value, text string) (string, error) {
	b, ok := parseBool(text)
	if !ok {
		reason := "is neither true nor false: use true, yes, on, 1, false, no, off or 0"
		if near := nearest(text, []string{"true", "false"}); near != "" {
			reason += " (did you mean " + near + "?)"
		}
		return reason, nil
	}
	v.SetBool(b)
	return "", nil
}

// expectation says what a well-known type wants to read, or "".
func expectation(v any) string {
	switch v.(type) {
	case *netip.Addr:
		return "an IP address, like 10.0.0.1 or 2001:db8::1"
	case *netip.Prefix:
		return "a range of IP addresses, like 10.0.0.0/8"
	case *netip.AddrPort:
		return "an IP address with a port, like 10.0.0.1:8080"
	case *time.Time:
		return "a time as in RFC 3339, like 2026-01-31T12:00:00Z"
	case *slog.Level, *slog.LevelVar:
		return "a level: DEBUG, INFO, WARN or ERROR, or one of them with an offset, like INFO+2"
	}
	return ""
}

func setFloat(v reflect.Value, text string) (reason string) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), v.Type().Bits())
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "is not a number, like 0.75"
	}
	v.SetFloat(f)
	return ""
}

// parseBool reads the words of every convention that is in use.
func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "yes", "on", "t", "y":
		return true, true
	case "false", "0", "no", "off", "f", "n":
		return false, true
	}
	return false, false
}

func setInt(v reflect.Value, text string, t *tag) (string, error) {
	if t.unit() == "bytes" {
		n, reason := parseBytes(text)
		if reason == "" && v.OverflowInt(int64(n)) {
			return "is too large for its field", nil
		}
		v.SetInt(int64(n))
		return reason, nil
	}
	n, err := strconv.ParseInt(number(text), 10, v.Type().Bits())
	if err != nil {
		return notWhole(err, strconv.FormatInt(-1<<(v.Type().Bits()-1), 10), strconv.FormatInt(1<<(v.Type().Bits()-1)-1, 10)), nil
	}
	v.SetInt(n)
	return "", nil
}

func setUint(v reflect.Value, text string, t *tag) (string, error) {
	if t.unit() == "bytes" {
		n, reason := parseBytes(text)
		if reason == "" && (n < 0 || v.OverflowUint(uint64(n))) {
			return "is outside the range of its field", nil
		}
		v.SetUint(uint64(n)) //nolint:gosec // not negative
		return reason, nil
	}
	n, err := strconv.ParseUint(number(text), 10, v.Type().Bits())
	if err != nil {
		return notWhole(err, "0", strconv.FormatUint(1<<v.Type().Bits()-1, 10)), nil
	}
	v.SetUint(n)
	return "", nil
}

// number returns text as strconv reads it: blanks around it and single underscores between digits are allowed.
func number(text string) string {
	text = strings.TrimSpace(text)
	for i := range len(text) {
		if text[i] == '_' && (i == 0 || i == len(text)-1 || !isDigit(text[i-1]) || !isDigit(text[i+1])) {
			return text
		}
	}
	return strings.ReplaceAll(text, "_", "")
}

func notWhole(err error, low, high string) string {
	if errors.Is(err, strconv.ErrRange) {
		return "is out of range: use a whole number between " + low + " and " + high
	}
	return "is not a whole number, like 20"
}

// setSlice reads "a, b, c", or a JSON array. Blanks around the elements and empty elements do not count.
func (l *loader) setSlice(v reflect.Value, text string, t *tag) (string, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return setByteSlice(v, text, t)
	}
	if isJSON, reason, err := l.asJSON(v, text, t); isJSON {
		return reason, err
	}
	parts := splitList(text, t)
	out := reflect.MakeSlice(v.Type(), len(parts), len(parts))
	for i, part := range parts {
		if reason, err := l.set(out.Index(i), part, t); reason != "" {
			return fmt.Sprintf("has a wrong element %d, which %s", i+1, reason), err
		}
	}
	v.Set(out)
	return "", nil
}

// splitList returns the elements of a list.
func splitList(text string, t *tag) []string {
	separator := t.separator()
	list := make([]string, 0, strings.Count(text, separator)+1)
	for part := range strings.SplitSeq(text, separator) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// setByteSlice reads raw text, or what the unit tag says it is encoded in.
func setByteSlice(v reflect.Value, text string, t *tag) (string, error) {
	b, ok := decodeBytes(text, t.unit())
	if !ok {
		return "is not " + t.unit(), nil
	}
	v.SetBytes(b)
	return "", nil
}

func decodeBytes(text, encoding string) ([]byte, bool) {
	switch encoding {
	case "base64":
		text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text)), "=")
		b, err := base64.RawStdEncoding.DecodeString(text)
		return b, err == nil
	case "hex":
		b, err := hex.DecodeString(strings.TrimSpace(text))
		return b, err == nil
	}
	return []byte(text), true
}

// setMap reads "a=1, b=2", or a JSON object.
func (l *loader) setMap(v reflect.Value, text string, t *tag) (string, error) {
	if isJSON, reason, err := l.asJSON(v, text, t); isJSON {
		return reason, err
	}
	out := reflect.MakeMap(v.Type())
	for _, part := range splitList(text, t) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return `is no list of pairs, like a=1, b=2, and no JSON object`, nil
		}
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if reason, err := l.set(key, strings.TrimSpace(name), t); reason != "" {
			return "has a wrong key, which " + reason, err
		}
		if out.MapIndex(key).IsValid() {
			return sameKeyTwice, nil
		}
		if reason, err := l.set(element, strings.TrimSpace(value), t); reason != "" {
			return "has a wrong value, which " + reason, err
		}
		out.SetMapIndex(key, element)
	}
	v.Set(out)
	return "", nil
}

// TypeParser parses a type that this package does not know; make it with [Parser].
type TypeParser struct {
	typ   reflect.Type
	parse func(v reflect.Value, text string) error
}

// Parser makes parse the parser of every field, element and pointer of type T. Its error is shown only for fields with
// the option safe, as it may repeat the text.
func Parser[T any](parse func(text string) (T, error)) TypeParser {
	return TypeParser{reflect.TypeFor[T](), func(v reflect.Value, text string) error {
		t, err := parse(text)
		if err == nil {
			v.Set(reflect.ValueOf(&t).Elem())
		}
		return err
	}}
}
