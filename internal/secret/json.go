package secret

import (
	"bytes"
	"slices"
	"strings"
)

// Node masks a value and all in it: by names too, unless the names are those of things that are not the service's own. It
// reports whether it changed anything.
func (m *Masker) Node(n *Node, byName bool) (changed bool) {
	switch n.Kind {
	case String:
		return replace(&n.Text, m.Lines(n.Text))
	case Object:
		return m.object(n, byName)
	case List:
		return m.list(n, byName)
	case Plain:
	}
	return false
}

// replace sets a text and reports whether it was another one.
func replace(s *string, with string) (changed bool) {
	changed = *s != with
	*s = with
	return changed
}

func (m *Masker) object(n *Node, byName bool) (changed bool) {
	named := byName && m.isNamedSecret(n)
	for i, member := range n.Members {
		name := n.Names[i]
		changed = replace(&n.Names[i], m.Text(name)) || changed
		secret := Harmless
		if byName {
			secret = m.Secrecy(name)
		}
		switch {
		case named && IsNaming(name):
		case secret == Weak && IsKey(name, member.Text):
			changed = m.Node(member, byName) || changed
		case named && IsValue(name), secret != Harmless:
			changed = m.Hide(member, (secret == Strong || named) && !strings.HasSuffix(strings.ToLower(name), "pass")) || changed
		default:
			changed = m.Node(member, byName) || changed
		}
	}
	return changed
}

// IsKey says whether something is called key, but is one of a cache, a bucket, a pair.
func IsKey(name, value string) bool {
	return strings.EqualFold(name, "key") && (!LooksRandom(value) || strings.ContainsAny(value, "_/.:- "))
}

// IsNaming says whether a member holds the name of what the others are about.
func IsNaming(name string) bool {
	return slices.Contains([]string{"name", "variable", "header", "field", "setting", "key", "env", "option", "parameter", "param", "flag", "k"}, strings.ToLower(name))
}

// IsValue says whether a member holds what another one names.
func IsValue(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "val") || strings.Contains(name, "default") ||
		slices.Contains([]string{"text", "current", "new", "old", "data", "content", "secret", "plain", "raw", "before", "after", "v"}, name)
}

// isNamedSecret says whether an object is like {"name": "DB_PASSWORD", "value": "..."}.
func (m *Masker) isNamedSecret(n *Node) bool {
	for i, name := range n.Names {
		if what := n.Members[i]; IsNaming(name) && what.Kind == String && m.NamesSecret(what.Text) {
			return slices.ContainsFunc(n.Names, IsValue)
		}
	}
	return false
}

// NamesSecret says whether a text is nothing but the name of a secret.
func (m *Masker) NamesSecret(text string) bool {
	return !strings.ContainsAny(text, " =:/{}") && m.Secrecy(text) != Harmless
}

// list masks ["--password", "..."], ["password", "..."] and keys that are lists of lines.
func (m *Masker) list(n *Node, byName bool) (changed bool) {
	inKey := false
	for i, member := range n.Members {
		before := ""
		if i > 0 && n.Members[i-1].Kind == String {
			before = n.Members[i-1].Text
		}
		argument := m.IsOption(before)
		pair := i == 1 && len(n.Members) == 2 && m.Secrecy(before) != Harmless
		begins := member.Kind == String && strings.Contains(member.Text, "-----BEGIN ") && strings.Contains(member.Text, "PRIVATE KEY")
		ends := member.Kind == String && strings.Contains(member.Text, "-----END ")
		switch {
		case inKey, argument && byName, pair && byName:
			changed = m.Hide(member, true) || changed
		default:
			changed = m.Node(member, byName) || changed
		}
		inKey = (inKey || begins) && !ends
	}
	return changed
}

// IsOption says whether an argument of a command is like --password, so that the next one is a secret.
func (m *Masker) IsOption(argument string) bool {
	return strings.HasPrefix(argument, "-") && !strings.ContainsAny(argument, " =") && m.Secrecy(strings.TrimLeft(argument, "-")) != Harmless
}

// Lines masks a text, which may be JSON, or have lines that are. JSON in which something is masked is written in one line.
func (m *Masker) Lines(s string) string {
	if n := container(s); n != nil {
		return m.inner(n, s)
	}
	if !strings.ContainsAny(s, "{[") || !strings.Contains(s, "\n") {
		return m.Text(s)
	}
	var b strings.Builder
	text := 0 // where the lines begin that are not JSON
	for at := 0; at < len(s); {
		end := at + until(s[at:], "\n")
		if n := container(s[at:end]); n != nil {
			b.WriteString(m.Text(s[text:at]) + m.inner(n, s[at:end]))
			text = end
		}
		at = end + 1
	}
	b.WriteString(m.Text(s[text:]))
	return b.String()
}

// container returns the object or the list that a text is, or nil.
func container(s string) *Node {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	if s == "" || s[0] != '{' && s[0] != '[' {
		return nil
	}
	n, err := ParseNode([]byte(s))
	if err != nil {
		return nil
	}
	return n
}

// inner masks what a text is, and returns the text itself when there is nothing to hide.
func (m *Masker) inner(n *Node, s string) string {
	if !m.Node(n, true) {
		return s
	}
	b := new(bytes.Buffer)
	n.WriteCompact(b)
	return b.String()
}

// Hide masks all texts in a value, and numbers too when it is surely a secret. What only says how a secret is stays. It
// reports whether it changed anything.
func (m *Masker) Hide(n *Node, surely bool) (changed bool) {
	switch n.Kind {
	case String:
		if m.Hides(n.Text, surely) {
			return replace(&n.Text, m.Mask)
		}
	case Plain:
		isNumber := n.Text != "null" && n.Text != "true" && n.Text != "false"
		if surely && (isNumber || m.Bools && n.Text != "null") {
			*n = Node{Kind: String, Text: m.Mask}
			return true
		}
	case List, Object:
		for i, member := range n.Members {
			if n.Kind == Object {
				name := m.Text(n.Names[i])
				if LooksRandom(name) && !strings.Contains(name, "_") {
					name = m.Mask
				}
				changed = replace(&n.Names[i], name) || changed
			}
			if n.Kind == Object && member.Kind == Plain && HasHarmlessEnd(n.Names[i]) {
				continue
			}
			changed = m.Hide(member, surely) || changed
		}
	}
	return changed
}

// Hides says whether a text under the name of a secret is hidden: not if it only says how the secret is and, unless it is
// surely one, not if it is a small number.
func (m *Masker) Hides(text string, surely bool) bool {
	return text != m.Mask && !IsState(text) && (surely || !isSmallNumber(text))
}
