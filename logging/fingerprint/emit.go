package fingerprint

// output takes the template, as text or, when nobody wants to see that, into the hash.
type output struct {
	hash uint64
	text []byte
	keep bool // into text

	space bool // one is due before what comes
	begun bool // something was written
	value bool // the last thing was a value, and since then nothing was written
	// since is where the input has punctuation that was not written yet, because a value may follow that swallows it.
	since int
	open  int // brackets that were swallowed, less those that closed
}

// write adds to the template.
func (o *output) write(s string) {
	if o.keep {
		o.text = append(o.text, s...)
		return
	}
	h := o.hash
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	o.hash = h
}

// word writes what is not white space, after the space that is due.
func (o *output) word(s string) {
	if o.space {
		if o.begun {
			o.write(" ")
		}
		o.space = false
	}
	o.begun = true
	o.write(s)
}

// literal writes in[from:to], which is not white space, after the punctuation that no value swallowed.
func (o *output) literal(in string, from, to int) {
	if o.value {
		o.release(in, from)
	}
	o.word(in[from:to])
}

// release writes the punctuation up to a place, but not the brackets whose other half was swallowed or
// that are empty.
func (o *output) release(in string, to int) {
	o.value = false
	for i := o.since; i < to; i++ {
		switch k := classOf(in[i]); {
		case k&space != 0:
			o.space = true
		case k&closed != 0 && o.open > 0:
			o.open--
		case k&open != 0 && i+1 < to && classOf(in[i+1])&closed != 0: // host () is host (name)
			i++
		default:
			o.word(in[i : i+1])
		}
	}
	o.open = 0
}

// placeholder writes that there is a value at from which ends before end, unless there was one and nothing but punctuation
// since.
func (o *output) placeholder(in string, from, end int) {
	if !o.value {
		o.word(Placeholder)
		o.value = true
	} else {
		for i := o.since; i < from; i++ {
			switch k := classOf(in[i]); {
			case k&open != 0:
				o.open++
			case k&closed != 0:
				o.open--
			}
		}
	}
	o.since = end
}
