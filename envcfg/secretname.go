package envcfg

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

type revealer interface{ Reveal() string }

// isSecret says whether the field's value must never be shown: its type or the option secret says so, or its name, which
// the option safe and harmless types overrule. Of numbers, PIN is a secret and PIN_LENGTH is none.
func (f *field) isSecret() bool {
	t := f.value.Type()
	switch {
	case f.secret || reveals(t, 0):
		return true
	case f.safe || !secretName(f.name):
		return false
	}
	for isContainer(t) {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Duration](), t == reflect.TypeFor[Bytes](), t.Kind() == reflect.Bool, f.unit() == "bytes":
		return false
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Float64:
		words := nameWords(f.name)
		return slices.Contains(numberWords[:], words[len(words)-1])
	}
	return true
}

// isContainer says whether what a value of t holds are elements. Bytes are a text.
func isContainer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Array, reflect.Map:
		return true
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	}
	return false
}

// reveals says whether a type holds something with a method Reveal() string.
func reveals(t reflect.Type, depth int) bool {
	if t.PkgPath() != "" && (t.Implements(reflect.TypeFor[revealer]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[revealer]())) {
		return true
	}
	if depth > maxNesting {
		return false
	}
	switch {
	case t.Kind() == reflect.Map && reveals(t.Key(), depth+1):
		return true
	case isContainer(t):
		return reveals(t.Elem(), depth+1)
	case t.Kind() == reflect.Struct: // with the option json
		for f := range t.Fields() {
			if f.IsExported() && reveals(f.Type, depth+1) {
				return true
			}
		}
	}
	return false
}

// secretParts make a name a secret's wherever they stand in it, secretWords as one of its words, numberWords as the last
// word of a number's. A last word of harmlessWords says that the name is about a secret, which the value is not.
var (
	secretParts = [...]string{"PASSW", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY", "ACCESSKEY"}
	secretWords = [...]string{
		"PASS", "PASSPHRASE", "PWD", "KEY", "KEYS", "PRIVATE", "SALT", "PEPPER", "COOKIE", "SESSION", "SIGNATURE", "DSN",
		"PIN", "OTP", "SEED", "AUTH",
	}
	numberWords = [...]string{
		"PASSWORD", "PASSWD", "PASSCODE", "PASS", "PASSPHRASE", "PWD", "SECRET", "TOKEN", "CREDENTIAL", "KEY", "APIKEY", "PIN",
		"OTP", "SEED", "SALT", "PEPPER",
	}
	harmlessWords = [...]string{"DOMAIN", "NAME", "PATH", "FILE", "DIR", "TTL", "TIMEOUT", "LENGTH", "ALGORITHM", "ISSUER", "AUDIENCE", "SAMESITE"}
	queryWords    = [...]string{"PW", "SIG", "JWT", "CODE", "AUTHORIZATION"} // besides, of the parameters in URLs
)

// nameWords returns the words of a name, in capitals: API_KEY and ApiKey have two.
func nameWords(name string) []string {
	var words []string
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '.' || r == '-' }) {
		begin := 0
		for i := 1; i < len(part); i++ {
			if 'A' <= part[i] && part[i] <= 'Z' && 'a' <= part[i-1] && part[i-1] <= 'z' {
				words = append(words, strings.ToUpper(part[begin:i]))
				begin = i
			}
		}
		words = append(words, strings.ToUpper(part[begin:]))
	}
	return words
}

// secretName says whether a variable's name alone makes its value a secret.
func secretName(name string) bool {
	words := nameWords(name)
	if len(words) == 0 || slices.Contains(harmlessWords[:], words[len(words)-1]) || strings.HasSuffix(strings.ToUpper(name), "PUBLIC_KEY") {
		return false
	}
	return secretKey(name) && !slices.Contains(queryWords[:], strings.ToUpper(name))
}

// secretKey says the same of a parameter in a URL or a setting in a list.
func secretKey(key string) bool {
	words := nameWords(key)
	key = strings.ToUpper(key)
	for _, part := range secretParts {
		if strings.Contains(key, part) {
			return true
		}
	}
	for _, word := range words {
		if slices.Contains(secretWords[:], word) {
			return true
		}
	}
	return slices.Contains(queryWords[:], key)
}
