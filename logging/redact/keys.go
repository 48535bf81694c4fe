package redact

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/prodwright/prodwright/internal/secret"
)

// verdict is what is known of a name.
type verdict struct {
	mode

	name    string
	shown   string // the name without what looks like a secret in it
	naming  bool   // it may stand before a text that is the name of a secret
	valuing bool   // what stands under it may be a secret that another field names
	simple  bool   // it is nothing of all this
}

// keys remembers verdicts, because names in logs are few. It has a fixed number of places, two for a name; a name whose places
// are taken is judged each time. So programs that make up names as they go can neither fill the memory nor push out the names
// that come with each record.
type keys struct {
	seed   maphash.Seed
	places [places][2]atomic.Pointer[verdict]
}

const (
	places = 512
	// longest is how long a name is that is remembered, in bytes.
	longest = 64
)

func newKeys() *keys { return &keys{seed: maphash.MakeSeed()} }

// verdict returns what is known of a name.
func (r *Redactor) verdict(name string) *verdict {
	if known, ok := r.names.Find(name); ok {
		return known
	}
	return r.names.Keep(name, r.judged)
}

// judged returns what is known of a name by its letters.
func (r *Redactor) judged(name string) *verdict {
	if len(name) > longest {
		return r.newVerdict(name)
	}
	k := r.keys
	pair := &k.places[maphash.String(k.seed, name)%places]
	for i := range pair {
		v := pair[i].Load()
		if v == nil {
			v = r.newVerdict(strings.Clone(name))
			pair[i].CompareAndSwap(nil, v)
			return v
		}
		if v.name == name {
			return v
		}
	}
	return r.newVerdict(name)
}

func (r *Redactor) newVerdict(name string) *verdict {
	v := &verdict{name: name, shown: r.Text(name), naming: secret.IsNaming(name), valuing: secret.IsValue(name)}
	v.strength = r.masker.Secrecy(name)
	v.surely = v.strength == secret.Strong && !strings.HasSuffix(strings.ToLower(name), "pass")
	v.isKey = v.strength == secret.Weak && (strings.EqualFold(name, "key") || strings.EqualFold(name, "keys"))
	v.simple = v.isNone() && v.shown == name && !v.naming && !v.valuing
	return v
}
