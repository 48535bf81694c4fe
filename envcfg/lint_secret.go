package envcfg

import (
	"fmt"
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
