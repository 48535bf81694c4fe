package envcfg

import (
	"fmt"
	"path/filepath"
	"strings"
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
	case isKeyFile(name, text), isEmptyJSON(text):
		return
	case s.Origin.Layer == FromDefault:
		l.add(s, SeverityError, "the default from the code", "set a secret of your own: "+generate)
	case isGuessed(text):
		l.add(s, SeverityError, guessed, generate)
	case isKey(name) && length < MinSecretLength:
		l.add(s, SeverityError, fmt.Sprintf("shorter than %d characters", MinSecretLength), generate)
	case namesSecret(name) && lastWord(name) != "PIN" && length < minPassword:
		l.add(s, SeverityWarning, shortPassword, generate)
	}
	l.once(s, text, "")
}

// mention judges a setting that has to do with a secret and whose name does not say that it is one: BASIC_AUTH may be a
// password, and AUTH_MODE is none. What was never filled in is wrong in both.
func (l *linter) mention(s *Setting, name, text string) {
	switch {
	case s.typed:
		l.secret(s, name, text)
	case filepath.IsAbs(text):
	case isPlaceholder(withoutExampleHosts(text)), secretKey(lastWord(name)) && !isDataKey(name) && isExample(text):
		l.add(s, SeverityError, guessed, "give it a value of your own; if it is a secret, "+generate)
	}
}

// withoutExampleHosts takes out the names that are reserved for examples: AUTH_REALM=example.com is an address.
func withoutExampleHosts(text string) string {
	return strings.NewReplacer("example.com", "", "example.net", "", "example.org", "").Replace(strings.ToLower(text))
}

func isEmptyJSON(text string) bool { return text == "[]" || text == "{}" }

// password judges the password in an address.
func (l *linter) password(s *Setting, a *address) {
	switch {
	case isGuessed(a.password) || a.password == a.user:
		l.add(s, SeverityError, "its password is an example, or the user's name", generate)
		return
	case utf8.RuneCountInString(a.password) < minPassword:
		l.add(s, SeverityWarning, "its password is "+shortPassword, generate)
	}
	l.once(s, a.password, a.role())
}

const guessed = "an example, or guessed at once"

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
