package envcfg

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// check applies the rules of a field's check tag, separated by commas, to its text and value.
func (l *loader) check(f *field, text string) (reason string, err error) {
	rules := f.check()
	if f.value.CanInt() || f.value.CanUint() {
		text = number(text)
	}
	for rules != "" {
		var rule string
		rule, rules = nextRule(rules)
		name, arg, _ := strings.Cut(rule, "=")
		if own, ok := l.o.Checks[name]; ok {
			if err := guarded(func() error { return own(text) }); err != nil {
				return reasonOf(err, "is against the rule "+name, "check "+name), err
			}
			continue
		}
		reason, known := checkTexts(f.value, name, arg, text)
		if !known {
			reason, known = checkValue(f.value, name, arg, f.unit())
		}
		if !known {
			return "cannot be checked: the tag's rule " + shown(name) + " is unknown", nil
		}
		if reason != "" {
			return reason, nil
		}
	}
	return "", nil
}

// checkTexts applies a rule to a text, or to each of a list of them.
func checkTexts(v reflect.Value, name, arg, text string) (reason string, known bool) {
	v = reflect.Indirect(v)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.String {
		return checkText(name, arg, text)
	}
	_, known = checkText(name, arg, "")
	for i := range v.Len() {
		if reason, known := checkText(name, arg, v.Index(i).String()); reason != "" {
			return fmt.Sprintf("has a wrong element %d, which %s", i+1, reason), known
		}
	}
	return "", known
}

// nextRule cuts the first rule off. A regular expression takes the rest, commas included.
func nextRule(rules string) (rule, rest string) {
	if rules = strings.TrimSpace(rules); strings.HasPrefix(rules, "match=") {
		return rules, ""
	}
	rule, rest, _ = strings.Cut(rules, ",")
	return strings.TrimSpace(rule), strings.TrimSpace(rest)
}

// Check returns rules as they are written in a check tag, such as "port", "min=8,max=64" or "oneof=a|b", as a func for
// [Var.Validate]. Its error says what would be right and never repeats the text. See the package's documentation for the
// rules. Min and max compare the lengths of texts; for numbers use a struct.
func Check(rules string) func(text string) error {
	return func(text string) error {
		for rest := rules; rest != ""; {
			var rule string
			rule, rest = nextRule(rest)
			name, arg, _ := strings.Cut(rule, "=")
			reason, known := checkText(name, arg, text)
			if !known {
				reason, known = checkValue(reflect.ValueOf(text), name, arg, "")
			}
			switch {
			case !known:
				return ruleError(fmt.Sprintf("the rule %q is unknown", name))
			case reason != "":
				return ruleError(reason)
			}
		}
		return nil
	}
}

// ruleError is what is wrong in this package's own words, which repeat no text.
type ruleError string

func (e ruleError) Error() string { return string(e) }

// checkText has the rules that look at the text.
func checkText(name, arg, text string) (reason string, known bool) {
	var ok bool
	var want string
	switch name {
	case "port":
		n, err := strconv.Atoi(text)
		ok, want = err == nil && n >= 1 && n <= 65535, "is no port: use a number from 1 to 65535"
	case "loglevel":
		ok = slices.Contains(logLevels[:], strings.ToUpper(text))
		want = "is no log level: use DEBUG, INFO, WARNING, ERROR or CRITICAL"
	case "oneof":
		values := strings.Split(arg, "|")
		ok, want = slices.Contains(values, text), "is not allowed: use "+oneOf(values)
		if near := nearest(text, values); !ok && near != "" {
			want += " (did you mean " + near + "?)"
		}
	case "database":
		ok = isURL(text, "postgres", "postgresql", "mysql", "sqlite") && (strings.Contains(text, "://") || strings.HasPrefix(text, "sqlite:/"))
		want = "is no database URL, like " + exampleURL + " with user and password percent-encoded"
	case "postgres":
		ok = isURL(text, "postgres", "postgresql") && strings.Contains(text, "://")
		want = "is no PostgreSQL URL, like " + exampleURL + " with user and password percent-encoded"
	case "url":
		schemes := strings.FieldsFunc(arg, func(r rune) bool { return r == '|' })
		ok, want = isURL(text, schemes...), "is not a complete URL, like https://host/path"
		if len(schemes) > 0 {
			want += "; the scheme must be " + oneOf(schemes)
		}
	case "host":
		ok, want = isHost(text), "is neither a host name nor an IP address"
	case "hostport":
		host, port, err := net.SplitHostPort(text)
		_, perr := strconv.ParseUint(port, 10, 16) // which takes no sign
		ok = err == nil && perr == nil && (host == "" || isHost(host))
		want = "is not of the form host:port"
	case "ip":
		_, err := netip.ParseAddr(text)
		ok, want = err == nil, "is no IP address"
	case "email":
		a, err := mail.ParseAddress(text)
		ok, want = err == nil && a.Address == text, "is no email address"
	case "base64":
		_, err := base64.StdEncoding.DecodeString(text)
		_, raw := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
		ok, want = err == nil || raw == nil, "is not base64"
	case "hex":
		_, err := hex.DecodeString(text)
		ok, want = err == nil, "is not hexadecimal"
	case "file", "dir":
		info, err := os.Stat(text)
		ok = err == nil && info.IsDir() == (name == "dir")
		want = "is not the path of a " + map[string]string{"file": "file", "dir": "directory"}[name] + " that exists"
	case "match":
		re, err := regexp.Compile("^(?:" + arg + ")$")
		ok, want = err == nil && re.MatchString(text), "does not match "+arg
	default:
		return "", false
	}
	if ok {
		return "", true
	}
	return want, true
}

const exampleURL = "postgres://user:password@host:5432/name" //nolint:gosec // no credential

// logLevels are the reference's five, and the short forms that zap and slog print.
var logLevels = [...]string{"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"}

// checkValue has the rules min and max, of numbers, durations, sizes and lengths.
func checkValue(v reflect.Value, name, arg, unit string) (reason string, known bool) {
	if name != "min" && name != "max" {
		return "", false
	}
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	var cmp int
	bad := "has the limit " + arg + " in its tag, which is no value of its type"
	limit := "at least"
	if name == "max" {
		limit = "at most"
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, problem := parseDuration(arg, unit)
		if problem != "" {
			return bad, true
		}
		cmp = compare(v.Int(), int64(d))
	case v.Type() == reflect.TypeFor[Bytes](), unit == "bytes" && (v.CanInt() || v.CanUint()):
		n, problem := parseBytes(arg)
		if problem != "" {
			return bad, true
		}
		cmp = compareNumber(v, int64(n))
	case v.CanInt(), v.CanUint(), v.CanFloat():
		if n, err := strconv.ParseInt(arg, 10, 64); err == nil {
			cmp = compareNumber(v, n)
			break
		}
		n, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			return bad, true
		}
		cmp = compare(toFloat(v), n)
	default:
		n, err := strconv.Atoi(arg)
		size, what := length(v)
		if err != nil || size < 0 {
			return bad, true
		}
		cmp = compare(size, n)
		limit, arg = "must have "+limit, arg+" "+what
	}
	if name == "min" && cmp < 0 || name == "max" && cmp > 0 {
		if !strings.HasPrefix(limit, "must") {
			limit = "must be " + limit
		}
		return limit + " " + arg, true
	}
	return "", true
}

func compare[N int | int64 | uint64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compareNumber compares whole numbers without the rounding of floating point.
func compareNumber(v reflect.Value, n int64) int {
	switch {
	case v.CanInt():
		return compare(v.Int(), n)
	case v.CanUint() && n < 0:
		return 1
	case v.CanUint():
		return compare(v.Uint(), uint64(n)) //nolint:gosec // not negative
	}
	return compare(v.Float(), float64(n))
}

func toFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

// length is the number of characters of a text, also of one that reveals itself, or of elements.
func length(v reflect.Value) (n int, what string) {
	switch v.Kind() {
	case reflect.String:
		return utf8.RuneCountInString(v.String()), "characters"
	case reflect.Slice, reflect.Map:
		return v.Len(), "elements"
	}
	if v.CanAddr() {
		if s, ok := reflect.TypeAssert[interface{ Reveal() string }](v.Addr()); ok {
			return utf8.RuneCountInString(s.Reveal()), "characters"
		}
	}
	return -1, ""
}

func isURL(text string, schemes ...string) bool {
	u, ok := completeURL(text)
	return ok && u.Opaque == "" && (len(schemes) == 0 || slices.Contains(schemes, u.Scheme))
}

// isHost accepts IP addresses and names of letters, digits, dashes, underscores and dots. What ends in a number, such as
// 10.0.0.256, is no name but an address that is wrong.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	last := text[strings.LastIndexByte(text, '.')+1:]
	if text == "" || len(text) > 253 || last != "" && strings.Trim(last, "0123456789") == "" {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isNameByte(c) {
				return false
			}
		}
	}
	return true
}

// nearest returns the word that text is a misspelling of, or "".
func nearest(text string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(text), strings.ToLower(w)); d < least && d < len(w) {
			best, least = w, d
		}
	}
	return best
}
