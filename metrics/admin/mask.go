package admin

import (
	"regexp"
	"strings"
)

// masked stands for a secret.
const masked = "••••"

// masker replaces secrets.
type masker struct{ more func(string) string }

// secretWords are parts of names whose values are secrets, in lower case and without what separates words.
var secretWords = [...]string{
	"password", "passwd", "passphrase", "passwort", "secret", "token", "apikey", "accesskey", "privatekey", "encryptionkey", "signingkey",
	"credential", "authorization", "cookie", "dsn", "connectionstring", "databaseurl", "sessionid", "bearer", "jwt", "hmac",
}

// secretNames are whole names.
var secretNames = [...]string{"pwd", "pass", "pw", "pin", "otp", "key", "salt", "auth", "sid"}

// isSecret says whether a name is one of a secret.
func isSecret(name string) bool {
	flat := strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '.', ' ', ':', '/':
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, word := range secretWords {
		if strings.Contains(flat, word) {
			return true
		}
	}
	for _, word := range secretNames {
		if flat == word {
			return true
		}
	}
	return false
}

// patterns find secrets in a text, each with what it is replaced by.
var patterns = [...]struct {
	find *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)`), masked},
	// user:password@ of a URL; the last @ before a slash or a space ends it, as passwords may hold one.
	{regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*):[^\s/?#]*@`), "$1:" + masked + "@"},
	// The same with a password that holds a slash, which is no URL any more, but what people write.
	{regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]+):[^\s"'<>]*@`), "$1:" + masked + "@"},
	{regexp.MustCompile(`(?i)\b(bearer|basic|digest|negotiate)\s+[A-Za-z0-9._~+/=:-]{6,}`), "$1 " + masked},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)*`), masked},
	{regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`), masked},
	{regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|sk_test_|rk_live_|sk-|whsec_|npm_|pypi-|hvs\.|AIza)[A-Za-z0-9_-]{10,}`), masked},
	{regexp.MustCompile(`\bAGE-SECRET-KEY-1[A-Z0-9]+`), masked},
	// name=value, name: value, "name":"value", --name value
	{regexp.MustCompile(`(?i)([A-Za-z0-9_.-]*(?:` + secretPattern + `)[A-Za-z0-9_-]*["']?\s*(?:=>|[=:])\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s&;,"'<>)}\]]+)`), "${1}" + masked},
	{regexp.MustCompile(`(?i)(\B--?[A-Za-z0-9-]*(?:` + secretPattern + `)[A-Za-z0-9-]*\s+)[^\s-]\S*`), "${1}" + masked},
}

// secretPattern finds the names of secrets in a text.
const secretPattern = `pass(?:word|wd|phrase)|\bpwd|\bpass\b|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|credential|cookie|authorization|session[_-]?id|\bdsn` //nolint:gosec // names of secrets, none of which is one

// text masks what looks like a secret.
func (m masker) text(s string) string {
	for i := range patterns {
		s = patterns[i].find.ReplaceAllString(s, patterns[i].with)
	}
	if m.more != nil {
		s = m.more(s)
	}
	return s
}

// node masks a value and all in it.
func (m masker) node(n *node) {
	switch n.kind {
	case stringNode:
		n.text = m.text(n.text)
	case objectNode:
		hidden := m.pair(n)
		for i, member := range n.members {
			name := n.names[i]
			n.names[i] = m.text(name)
			if isSecret(name) || member == hidden {
				member.hide()
				continue
			}
			m.node(member)
		}
	case listNode:
		for _, member := range n.members {
			m.node(member)
		}
	case plainNode:
	}
}

// pair returns the value of {"name": "DB_PASSWORD", "value": "..."}.
func (m masker) pair(n *node) *node {
	for _, name := range [...]string{"name", "Name", "variable", "header", "field", "setting"} {
		if title := n.member(name); title != nil && title.kind == stringNode && !strings.Contains(title.text, " ") && isSecret(title.text) {
			for _, name := range [...]string{"value", "Value", "default", "text"} {
				if value := n.member(name); value != nil {
					return value
				}
			}
		}
	}
	return nil
}

// hide masks all texts and numbers in a value. That there is none, true and false say nothing.
func (n *node) hide() {
	switch n.kind {
	case stringNode:
		if n.text != "" {
			n.text = masked
		}
	case plainNode:
		if n.text != "null" && n.text != "true" && n.text != "false" {
			*n = node{kind: stringNode, text: masked}
		}
	case listNode, objectNode:
		for _, member := range n.members {
			member.hide()
		}
	}
}
