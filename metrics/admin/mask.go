package admin

import (
	"bytes"
	"slices"
	"strings"
)

// masked stands for a secret.
const masked = "••••"

// masker replaces secrets.
type masker struct{ more func(string) string }

// node masks a value and all in it: by names too, unless the names are those of things that are not the service's own.
func (m masker) node(n *node, byName bool) {
	switch n.kind {
	case stringNode:
		n.text = m.lines(n.text)
	case objectNode:
		m.object(n, byName)
	case listNode:
		m.list(n, byName)
	case plainNode:
	}
}

func (m masker) object(n *node, byName bool) {
	named := byName && isNamedSecret(n)
	for i, member := range n.members {
		name := n.names[i]
		n.names[i] = m.text(name)
		switch secret := secrecy(name); {
		case named && isNaming(name):
		case byName && strings.EqualFold(name, "key") && (!looksRandom(member.text) || strings.ContainsAny(member.text, "_/.:- ")): // of a cache, a bucket, a pair
			m.node(member, byName)
		case named && isValue(name), byName && secret != harmless:
			m.hide(member, (secret == strong || named) && !strings.HasSuffix(strings.ToLower(name), "pass"))
		default:
			m.node(member, byName)
		}
	}
}

// isNaming says whether a member holds the name of what the others are about.
func isNaming(name string) bool {
	return slices.Contains([]string{"name", "variable", "header", "field", "setting", "key", "env", "option", "parameter", "param", "flag", "k"}, strings.ToLower(name))
}

// isValue says whether a member holds what another one names.
func isValue(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "val") || strings.Contains(name, "default") ||
		slices.Contains([]string{"text", "current", "new", "old", "data", "content", "secret", "plain", "raw", "before", "after", "v"}, name)
}

// isNamedSecret says whether an object is like {"name": "DB_PASSWORD", "value": "..."}.
func isNamedSecret(n *node) bool {
	for i, name := range n.names {
		if m := n.members[i]; isNaming(name) && m.kind == stringNode && !strings.ContainsAny(m.text, " =:/{}") && secrecy(m.text) != harmless {
			return slices.ContainsFunc(n.names, isValue)
		}
	}
	return false
}

// list masks ["--password", "..."], ["password", "..."] and keys that are lists of lines.
func (m masker) list(n *node, byName bool) {
	inKey := false
	for i, member := range n.members {
		before := ""
		if i > 0 && n.members[i-1].kind == stringNode {
			before = n.members[i-1].text
		}
		argument := strings.HasPrefix(before, "-") && !strings.ContainsAny(before, " =") && secrecy(strings.TrimLeft(before, "-")) != harmless
		pair := i == 1 && len(n.members) == 2 && secrecy(before) != harmless
		begins := member.kind == stringNode && strings.Contains(member.text, "-----BEGIN ") && strings.Contains(member.text, "PRIVATE KEY")
		ends := member.kind == stringNode && strings.Contains(member.text, "-----END ")
		switch {
		case inKey, argument && byName, pair && byName:
			m.hide(member, true)
		default:
			m.node(member, byName)
		}
		inKey = (inKey || begins) && !ends
	}
}

// lines masks a text, which may be JSON, or have lines that are.
func (m masker) lines(s string) string {
	if n := container(s); n != nil {
		return m.inner(n)
	}
	if !strings.ContainsAny(s, "{[") || !strings.Contains(s, "\n") {
		return m.text(s)
	}
	var b strings.Builder
	text := 0 // where the lines begin that are not JSON
	for at := 0; at < len(s); {
		end := at + until(s[at:], "\n")
		if n := container(s[at:end]); n != nil {
			b.WriteString(m.text(s[text:at]) + m.inner(n))
			text = end
		}
		at = end + 1
	}
	b.WriteString(m.text(s[text:]))
	return b.String()
}

// container returns the object or the list that a text is, or nil.
func container(s string) *node {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	if s == "" || s[0] != '{' && s[0] != '[' {
		return nil
	}
	n, err := parseNode([]byte(s))
	if err != nil {
		return nil
	}
	return n
}

func (m masker) inner(n *node) string {
	m.node(n, true)
	b := new(bytes.Buffer)
	n.writeCompact(b)
	return b.String()
}

// hide masks all texts in a value, and numbers too when it is surely a secret. What only says how a secret is stays.
func (m masker) hide(n *node, surely bool) {
	switch n.kind {
	case stringNode:
		if !isState(n.text) && (surely || !isSmallNumber(n.text)) {
			n.text = masked
		}
	case plainNode:
		if surely && n.text != "null" && n.text != "true" && n.text != "false" {
			*n = node{kind: stringNode, text: masked}
		}
	case listNode, objectNode:
		for i, member := range n.members {
			if n.kind == objectNode {
				if n.names[i] = m.text(n.names[i]); looksRandom(n.names[i]) && !strings.Contains(n.names[i], "_") {
					n.names[i] = masked
				}
			}
			if n.kind == objectNode && member.kind == plainNode && hasHarmlessEnd(n.names[i]) {
				continue
			}
			m.hide(member, surely)
		}
	}
}
