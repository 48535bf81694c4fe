package envcfg

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minPassword is the least length of a password or token, in characters.
const minPassword = 8

// holder is the setting in which a secret was found first.
type holder struct {
	name string
	role string // in a database or cache, several of which may have it
}

// secret judges a key or password.
func (l *linter) secret(s *Setting, name, text string) {
	length := utf8.RuneCountInString(text)
	switch {
	case isKeyFile(name, text):
		return
	case s.Origin.Layer == FromDefault:
		l.add(s, SeverityError, "the default from the code", "set a secret of your own: "+generate)
	case isExample(text):
		l.add(s, SeverityError, "an example, or guessed at once", generate)
	case isKey(name) && length < MinSecretLength:
		l.add(s, SeverityError, fmt.Sprintf("shorter than %d characters", MinSecretLength), generate)
	case namesSecret(name) && !endsIn(name, "PIN") && length < minPassword:
		l.add(s, SeverityWarning, shortPassword, generate)
	}
	l.once(s, text, "")
}

// password judges the password in an address.
func (l *linter) password(s *Setting, a *address) {
	switch {
	case isExample(a.password) || a.password == a.user:
		l.add(s, SeverityError, "its password is an example, or the user's name", generate)
		return
	case utf8.RuneCountInString(a.password) < minPassword:
		l.add(s, SeverityWarning, "its password is "+shortPassword, generate)
	}
	l.once(s, a.password, a.role())
}

const shortPassword = "shorter than 8 characters: it can be guessed" //nolint:gosec // no credential

// once reports a secret that another setting has too. The primary and a replica of a database have the same roles.
func (l *linter) once(s *Setting, text, role string) {
	other, ok := l.seen[text]
	switch {
	case !ok:
		l.seen[text] = holder{s.Name, role}
	case role == "" || role != other.role:
		l.add(s, SeverityError, "the same secret as "+other.name, "give each its own: who learns one has the other")
	}
}

const generate = "generate one with: openssl rand -base64 32"

// secretEndings are the last words of the names of secrets. Those of joinedEndings may have letters in front, as in
// PGPASSWORD. Keys with dataWords in front find data and hide nothing.
var (
	secretEndings = [...]string{
		"KEY", "KEYS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSCODE", "PASS", "PWD", "PASSPHRASE", "TOKEN", "TOKENS",
		"PEPPER", "SALT", "CREDENTIAL", "CREDENTIALS", "PIN",
	}
	joinedEndings = [...]string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "ACCESSKEY", "SECRETKEY", "PRIVATEKEY"}
	versionWords  = [...]string{"OLD", "NEW", "PREVIOUS", "CURRENT", "NEXT"}
	dataWords     = [...]string{
		"PARTITION", "SORT", "RANGE", "FOREIGN", "PRIMARY", "CACHE", "SHARD", "ROUTING", "INDEX", "OBJECT", "LOCK", "IDEMPOTENCY", "GROUP",
		"LABEL", "PUBLIC", "PUBLISHABLE", "SITE",
	}
)

// endingWords returns a name's words without a number or a version at the end: those of JWT_SECRET for JWT_SECRET_OLD.
func endingWords(name string) []string {
	if endsIn(name, "SECRET_KEY_BASE") {
		name = strings.TrimSuffix(name, "_BASE")
	}
	words := nameWords(name)
	for len(words) > 1 {
		last := words[len(words)-1]
		if strings.Trim(last, "0123456789") != "" && !slices.Contains(versionWords[:], last) {
			break
		}
		words = words[:len(words)-1]
	}
	return words
}

// namesSecret says whether a name's last word says that the value itself is a secret. SESSION_STORE and TOKEN_TYPE only
// have to do with one.
func namesSecret(name string) bool {
	words := endingWords(name)
	if len(words) == 0 || isDataKey(words) {
		return false
	}
	last := words[len(words)-1]
	return slices.Contains(secretEndings[:], last) || slices.ContainsFunc(joinedEndings[:], func(end string) bool { return strings.HasSuffix(last, end) })
}

// isKey says whether a name is that of a secret which only machines read, so that it can be long.
func isKey(name string) bool {
	words := endingWords(name)
	if len(words) == 0 || isDataKey(words) {
		return false
	}
	last := words[len(words)-1]
	return strings.HasSuffix(last, "KEY") || strings.HasSuffix(last, "SECRET")
}

func isDataKey(words []string) bool {
	n := len(words)
	return n > 1 && strings.HasPrefix(words[n-1], "KEY") && slices.Contains(dataWords[:], words[n-2])
}

// isKeyFile recognises the path of a key, which stands only in variables whose names allow it.
func isKeyFile(name, text string) bool {
	name = strings.Join(endingWords(name), "_")
	switch {
	case endsIn(name, "PATH", "FILE") || strings.HasSuffix(name, "SSL_KEY") || strings.HasSuffix(name, "TLS_KEY"):
		return strings.ContainsAny(text, "/\\.")
	case !strings.HasSuffix(name, "KEY"):
		return false
	case filepath.IsAbs(text) && (endsIn(name, "PRIVATE_KEY", "SSH_KEY", "HOST_KEY") || slices.Contains(keyFiles[:], filepath.Ext(text))):
		return true
	}
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}

// keyFiles are the endings of files that hold keys.
var keyFiles = [...]string{".pem", ".key", ".der", ".p8", ".p12", ".pfx", ".jks", ".gpg", ".asc"}

// examples are what documentation and tutorials write where a secret belongs.
var examples = [...]string{
	"changeme", "change-me", "change_me", "changethis", "example", "placeholder", "your-", "your_", "yoursecret", "yourkey",
	"secretkey", "secret-key", "secret_key", "mysecret", "my-secret", "supersecret", "super-secret", "insecure", "dummy",
	"replace", "todo", "password", "passw0rd", "qwerty", "letmein", "development", "django-insecure", "keyboard cat",
	"1234567890", "0123456789", "abcdefgh", "xxxx", "dev-", "test-", "correcthorse", "correct horse",
}

// weak are whole passwords: those of tools, and those that lists of stolen ones begin with.
var weak = [...]string{
	"", "secret", "test", "admin", "root", "postgres", "user", "app", "guest", "redis", "demo", "default", "mysql", "mongo", "rabbitmq",
	"elastic", "minioadmin", "minio123", "changeit", "toor", "vagrant", "raspberry",
	"12345", "123456", "1234567", "12345678", "123456789", "987654321", "654321", "123123", "112233", "111111", "000000", "666666",
	"abc123", "abcd1234", "a1b2c3d4", "1q2w3e", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "qazwsx", "zaq12wsx", "asdfgh", "asdfghjkl", "asdf1234", "zxcvbn",
	"zxcvbnm", "pass", "pass123", "pass1234", "p@ssw0rd", "p@ssword", "pa$$word", "p@$$w0rd", "s3cr3t", "secret123", "admin123", "admin1234", "root123",
	"test123", "test1234", "user123", "welcome", "welcome1", "welcome123", "login", "access", "master", "iloveyou", "monkey", "dragon", "sunshine",
	"princess", "football", "baseball", "shadow", "superman", "batman", "trustno1", "starwars", "whatever", "michael", "charlie", "freedom", "pokemon",
	"hello123", "computer", "internet", "killer", "ninja", "mustang", "letmein1", "solo", "flower", "cheese", "ashley", "jordan23", "hunter2",
}

// isExample says whether a secret is one that everybody tries first.
func isExample(text string) bool {
	lower := strings.ToLower(text)
	if slices.Contains(weak[:], lower) {
		return true
	}
	for _, e := range examples {
		if strings.Contains(lower, e) && len(lower) < 4*len(e)+16 {
			return true
		}
	}
	if strings.HasPrefix(lower, "<") && strings.HasSuffix(lower, ">") {
		return true
	}
	distinct := make(map[rune]struct{})
	for _, c := range lower {
		distinct[c] = struct{}{}
	}
	return len(distinct) < 5 && strings.IndexFunc(lower, unicode.IsSpace) < 0 || repeats(lower)
}

// repeats says whether a text is one beginning over and over, such as "0123456789abcdef0123456789abcdef".
func repeats(text string) bool {
	for n := 1; n <= min(len(text)/2, 64); n++ {
		if strings.HasPrefix(text[n:], text[:len(text)-n]) {
			return true
		}
	}
	return false
}
