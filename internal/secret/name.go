package secret

import (
	"slices"
	"strings"
	"unicode"
)

// Strength is how sure a name is one of a secret.
type Strength uint8

// How sure a name is one of a secret.
const (
	Harmless Strength = iota // user, token_count
	Weak                     // token, key, auth: their values may be a state, a number, a word
	Strong                   // password, secret
)

// strongWords and weakWords end the names of secrets; strongParts are such wherever they stand.
var (
	strongParts = [...]string{
		"password", "passwd", "passphrase", "passwort", "secret", "apikey", "accesskey", "privatekey", "encryptionkey", "signingkey", "accountkey", "sharedkey",
		"credential", "authorization", "connectionstring", "databaseurl", "sessionid", "requirepass", "setcookie",
		"密码", "口令", "密钥", "令牌",
	}
	strongWords = [...]string{"pass", "pwd", "passw", "pin", "otp", "dsn", "hmac", "cookie", "cookies"}
	weakWords   = [...]string{"token", "tokens", "key", "keys", "auth", "sid", "jwt", "bearer", "signature", "session", "salt"}
)

// harmlessEnds are words after which a name is not that of the secret itself, but of something about it.
var harmlessEnds = [...]string{
	"age", "alg", "algorithm", "at", "attempts", "bytes", "check", "class", "count", "enabled", "error", "errors", "expired", "expires", "expiry", "file", "hint", "host",
	"interval", "issuer", "kind", "length", "limit", "loaded", "max", "min", "mode", "name", "names", "path", "per", "policy", "port", "prefix", "provider", "rate", "ratio",
	"required", "result", "rotation", "second", "seconds", "server", "service", "set", "size", "source", "state", "status", "store", "timeout", "total", "ttl", "type", "usage",
	"uri", "url", "user", "username", "valid", "version",
}

// forms are words that end a name and say in which form its value is.
var forms = [...]string{"value", "data", "raw", "plain", "plaintext", "text", "string", "b64", "base64", "hex", "env", "current", "new", "old"}

// harmlessKeys are what stands before key in names that are not of secrets; harmlessPasses are words that end in pass.
var (
	harmlessKeys   = [...]string{"primary", "foreign", "sort", "cache", "partition", "group", "public", "routing", "dedup", "map", "row", "object"}
	harmlessPasses = [...]string{"bypass", "compass", "trespass", "encompass", "surpass"}
)

// Secrecy says how sure a name is one of a secret. Names that have nothing of one, which are nearly all, cost it no memory.
func Secrecy(name string) Strength {
	if !maySound(name) {
		return Harmless
	}
	return secrecyOf(name)
}

// secrecyOf is [Secrecy] without the glance beforehand.
func secrecyOf(name string) Strength {
	words := wordsOf(name)
	for len(words) > 1 && slices.Contains(forms[:], words[len(words)-1]) || len(words) > 1 && strings.Trim(words[len(words)-1], "0123456789") == "" {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return Harmless
	}
	last := strings.TrimRight(words[len(words)-1], "0123456789")
	flat := strings.Join(words, "")
	if flat == "databaseurl" {
		return Strong
	}
	if slices.Contains(harmlessEnds[:], last) {
		return Harmless
	}
	for _, part := range strongParts {
		if strings.Contains(flat, part) && !strings.Contains(flat, "secretar") {
			return Strong
		}
	}
	switch {
	case flat == "pass": // that tests pass is said, too
		return Weak
	case slices.Contains(strongWords[:], last):
		return Strong
	case last == "key" && len(words) > 1 && slices.Contains(harmlessKeys[:], words[len(words)-2]):
		return Harmless
	case slices.Contains(weakWords[:], last):
		return Weak
	case strings.HasSuffix(last, "token"), strings.HasSuffix(last, "pwd"), strings.HasSuffix(last, "pw"):
		return Strong
	case strings.HasSuffix(last, "pass") && !slices.Contains(harmlessPasses[:], last):
		return Strong
	}
	return Harmless
}

// HasHarmlessEnd says whether a name is of something about what it names.
func HasHarmlessEnd(name string) bool {
	words := wordsOf(name)
	return len(words) > 0 && slices.Contains(harmlessEnds[:], words[len(words)-1])
}

// wordsOf splits a name at what separates words, and where upper case begins, and returns them in lower case.
func wordsOf(name string) []string {
	if len(name) > longName {
		return nil // no name
	}
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	var before rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && unicode.IsLower(before):
			end()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		before = r
	}
	end()
	return words
}

// states are values that say how a secret is, and not what.
var states = [...]string{
	"", "ok", "up", "down", "pass", "fail", "warn", "enabled", "disabled", "true", "false", "none", "null", "nil", "<nil>", "not set", "unset", "set", "valid", "invalid", "scram-sha-256", "md5", "trust", "peer", "cert", "basic", "bearer", "digest", "oauth2", "oidc", "saml",
	"missing", "expired", "revoked", "rotated", "present", "absent", "unknown", "required", "yes", "no", "****", "***", "xxxxx", "[redacted]", "redacted", "<redacted>", "••••",
}

// IsState says whether a value is one that need not be hidden.
func IsState(value string) bool {
	return slices.Contains(states[:], strings.ToLower(strings.TrimSpace(value)))
}

// isNumber says whether a value is a number or a duration.
func isNumber(value string) bool {
	value = strings.TrimRight(value, ".,;:)")
	digits := strings.TrimLeft(value, "0123456789.")
	return len(digits) < len(value) && slices.Contains([]string{"", "ns", "us", "µs", "ms", "s", "m", "h", "d", "%", "B", "kB", "KiB", "MiB", "GiB", "/s"}, digits)
}

// isSmallNumber says whether a value is a number that is too small for a secret.
func isSmallNumber(value string) bool {
	const digits = 6
	return len(value) < digits && isNumber(value)
}

// LooksRandom says whether a word is rather made by a machine, or long.
func LooksRandom(word string) bool {
	const long, short = 20, 6
	lower, upper, other := false, false, false
	for i, r := range word {
		switch {
		case unicode.IsLower(r):
			lower = true
		case unicode.IsUpper(r):
			upper = upper || i > 0 // the first one begins a sentence
		default:
			other = true
		}
	}
	return len(word) >= long || len(word) >= short && (lower && upper || (lower || upper) && other && strings.ContainsAny(word, "0123456789+/=_"))
}
