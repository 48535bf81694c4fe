package redact

import (
	"reflect"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prodwright/prodwright/internal/identity"
	"github.com/prodwright/prodwright/internal/secret"
)

// Mask is what stands where a secret was.
const Mask = "[redacted]"

// Redactor hides secrets in what is logged. Use [New]. A Redactor is safe for concurrent use.
type Redactor struct {
	off, keysOnly bool
	masker        secret.Masker
	own           map[string]secret.Strength // names of Config.Keys and Config.Safe, in lower case
	types         map[reflect.Type]bool      // of Config.Types
	patterns      []*regexp.Regexp

	names    identity.Cache[*verdict]
	messages identity.Cache[string] // without secrets
	keys     *keys
	traits   sync.Map  // what is known of a reflect.Type
	scratch  sync.Pool // of *scratch
	objects  sync.Pool // of *object
	arrays   sync.Pool // of *array
	encoders sync.Pool // of *encoder
	lists    sync.Pool // of *list
}

// New returns a Redactor, or the error of [Config.Validate].
func New(c Config) (*Redactor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &Redactor{off: c.Off, keysOnly: c.KeysOnly, keys: newKeys(), types: make(map[reflect.Type]bool, len(c.Types))}
	r.masker = secret.Masker{Mask: Mask, Bools: true, NamesOnly: c.KeysOnly}
	if len(c.Keys)+len(c.Safe) > 0 {
		r.own = make(map[string]secret.Strength, len(c.Keys)+len(c.Safe))
		for _, name := range c.Keys {
			r.own[fold(name)] = secret.Strong
		}
		for _, name := range c.Safe {
			r.own[fold(name)] = secret.Harmless
		}
		r.masker.Judge = r.judge
	}
	for _, t := range c.Types {
		r.types[named(t)] = true
	}
	if len(c.Patterns) > 0 && !c.KeysOnly {
		r.patterns = append(r.patterns, c.Patterns...)
		r.masker.More = r.more
	}
	r.scratch.New = func() any { return new(scratch) }
	r.objects.New = func() any { return new(object) }
	r.arrays.New = func() any { return new(array) }
	r.encoders.New = func() any { return new(encoder) }
	r.lists.New = func() any { return new(list) }
	return r, nil
}

// Text returns a text with its secrets hidden: what has the name of a secret before it (password=…, "api_key": "…"), and what
// looks like one (tokens of well-known services, keys, passwords in URLs). A text that is JSON, or has lines that are, is
// written anew in one line each if something in it is hidden.
func (r *Redactor) Text(s string) string {
	if !r.mayHold(s) {
		return s
	}
	if r.masker.MayHold(s) {
		s = r.masker.Lines(s)
	}
	return r.more(s)
}

// Message is [Redactor.Text] for a text that is mostly one of the program's own, such as the message of a record: it is then looked
// through only once.
func (r *Redactor) Message(s string) string {
	if known, ok := r.messages.Find(s); ok {
		return known
	}
	return r.messages.Keep(s, r.Text)
}

// mayHold says whether a text needs more than a glance.
func (r *Redactor) mayHold(s string) bool {
	return !r.off && (len(r.patterns) > 0 || r.masker.MayHold(s))
}

// more hides what the patterns of the configuration find.
func (r *Redactor) more(s string) string {
	for _, p := range r.patterns {
		s = p.ReplaceAllLiteralString(s, Mask)
	}
	return s
}

// judge says how sure a name is one of a secret.
func (r *Redactor) judge(name string) secret.Strength {
	const usual = 64
	var space [usual]byte
	lower := space[:0]
	for i := 0; i < len(name) && len(name) <= usual && name[i] < utf8.RuneSelf; i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower = append(lower, c)
	}
	s, ok := r.own[string(lower)] // without a copy
	if len(lower) < len(name) {
		s, ok = r.own[strings.ToLower(name)]
	}
	if ok {
		return s
	}
	return secret.Secrecy(name)
}
