package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Node is a JSON value whose members keep their order, so that people read what the program wrote.
type Node struct {
	Kind    Kind
	Text    string // of a string, or of anything that is neither list nor object
	Names   []string
	Members []*Node
}

// Kind is what sort of value a [Node] is.
type Kind uint8

// The kinds of values.
const (
	Plain  Kind = iota // numbers, true, false, null
	String             // Text is what it says, without quotes
	List               // of Members
	Object             // of Members that have Names
)

// ParseNode reads one value, and nothing after it. Its error is [ErrTooDeep], or that of a decoder.
func ParseNode(b []byte) (*Node, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	n, err := decodeNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("secret: there is more than one JSON value")
	}
	return n, nil
}

// maxDepth is how deeply values may be nested: each level is a call.
const maxDepth = 1000

// ErrTooDeep is returned for a value in which lists and objects are nested more than 1000 times.
var ErrTooDeep = errors.New("secret: the value is nested too deeply")

func decodeNode(d *json.Decoder, depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, ErrTooDeep
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := &Node{Kind: List}
		if t == '{' {
			n.Kind = Object
		}
		return n, n.decodeMembers(d, depth+1)
	case string:
		return &Node{Kind: String, Text: t}, nil
	case json.Number:
		return &Node{Text: t.String()}, nil
	case bool:
		if t {
			return &Node{Text: "true"}, nil
		}
		return &Node{Text: "false"}, nil
	}
	return &Node{Text: "null"}, nil
}

func (n *Node) decodeMembers(d *json.Decoder, depth int) error {
	for d.More() {
		if n.Kind == Object {
			name, err := d.Token()
			if err != nil {
				return err
			}
			n.Names = append(n.Names, name.(string)) //nolint:forcetypeassert // the decoder allows nothing else
		}
		member, err := decodeNode(d, depth)
		if err != nil {
			return err
		}
		n.Members = append(n.Members, member)
	}
	_, err := d.Token()
	return err
}

// Member returns what an object has under a name, or nil.
func (n *Node) Member(name string) *Node {
	for i, other := range n.Names {
		if other == name {
			return n.Members[i]
		}
	}
	return nil
}

// deepest is the longest indent, so that what is deeply nested does not become large.
const deepest = 64

// WriteJSON writes it with an indent.
func (n *Node) WriteJSON(b *bytes.Buffer) { n.write(b, "\n", ": ") }

// WriteCompact writes it in one line.
func (n *Node) WriteCompact(b *bytes.Buffer) { n.write(b, "", ":") }

// write writes it with a line break and an indent before each member, if there are any, and a colon after each name.
func (n *Node) write(b *bytes.Buffer, line, colon string) {
	brackets := "[]"
	switch n.Kind {
	case Plain:
		b.WriteString(n.Text)
		return
	case String:
		writeString(b, n.Text)
		return
	case Object:
		brackets = "{}"
	case List:
	}
	deeper := line
	if line != "" && len(line) <= deepest {
		deeper += "  "
	}
	b.WriteByte(brackets[0])
	for i, m := range n.Members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(deeper)
		if n.Kind == Object {
			writeString(b, n.Names[i])
			b.WriteString(colon)
		}
		m.write(b, deeper, colon)
	}
	if len(n.Members) > 0 {
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
