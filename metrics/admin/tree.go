package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// node is a JSON value whose members keep their order, so that people read what the program wrote.
type node struct {
	kind    nodeKind
	text    string // of a string, or of anything that is neither list nor object
	names   []string
	members []*node
}

type nodeKind uint8

const (
	plainNode nodeKind = iota // numbers, true, false, null
	stringNode
	listNode
	objectNode
)

// parseNode reads one value, and nothing after it.
func parseNode(b []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	n, err := decodeNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("admin: there is more than one JSON value")
	}
	return n, nil
}

// maxDepth is how deeply values may be nested: each level is a call.
const maxDepth = 1000

var errTooDeep = errors.New("admin: the value is nested too deeply")

func decodeNode(d *json.Decoder, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := &node{kind: listNode}
		if t == '{' {
			n.kind = objectNode
		}
		return n, n.decodeMembers(d, depth+1)
	case string:
		return &node{kind: stringNode, text: t}, nil
	case json.Number:
		return &node{text: t.String()}, nil
	case bool:
		if t {
			return &node{text: "true"}, nil
		}
		return &node{text: "false"}, nil
	}
	return &node{text: "null"}, nil
}

func (n *node) decodeMembers(d *json.Decoder, depth int) error {
	for d.More() {
		if n.kind == objectNode {
			name, err := d.Token()
			if err != nil {
				return err
			}
			n.names = append(n.names, name.(string)) //nolint:forcetypeassert // the decoder allows nothing else
		}
		member, err := decodeNode(d, depth)
		if err != nil {
			return err
		}
		n.members = append(n.members, member)
	}
	_, err := d.Token()
	return err
}

// member returns what an object has under a name, or nil.
func (n *node) member(name string) *node {
	for i, other := range n.names {
		if other == name {
			return n.members[i]
		}
	}
	return nil
}

// deepest is the longest indent, so that what is deeply nested does not become large.
const deepest = 64

// writeJSON writes it with an indent.
func (n *node) writeJSON(b *bytes.Buffer) { n.write(b, "\n", ": ") }

// writeCompact writes it in one line.
func (n *node) writeCompact(b *bytes.Buffer) { n.write(b, "", ":") }

// write writes it with a line break and an indent before each member, if there are any, and a colon after each name.
func (n *node) write(b *bytes.Buffer, line, colon string) {
	brackets := "[]"
	switch n.kind {
	case plainNode:
		b.WriteString(n.text)
		return
	case stringNode:
		writeString(b, n.text)
		return
	case objectNode:
		brackets = "{}"
	case listNode:
	}
	deeper := line
	if line != "" && len(line) <= deepest {
		deeper += "  "
	}
	b.WriteByte(brackets[0])
	for i, m := range n.members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(deeper)
		if n.kind == objectNode {
			writeString(b, n.names[i])
			b.WriteString(colon)
		}
		m.write(b, deeper, colon)
	}
	if len(n.members) > 0 {
		b.WriteString(line)
	}
	b.WriteByte(brackets[1])
}

func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(true)
	_ = e.Encode(s)         // strings can be
	b.Truncate(b.Len() - 1) // the line end
}
