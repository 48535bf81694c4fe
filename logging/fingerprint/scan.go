package fingerprint

// scanner goes through one message, once.
type scanner struct {
	out output
	in  string
	at  int
	// count is where the last value ended if that is a number, which may have a unit or a plural after it.
	count int
	// unclosed are the quotes, of which there is none any more that could close.
	unclosed [3]bool
	// closed is for each quote where the last one ends that was looked for.
	closed [3]int
	// prose is up to where no list of names and values that ends the message can begin.
	prose int
}

// scan writes the template of a text.
func (s *scanner) scan(in string) {
	s.in, s.at, s.count, s.unclosed, s.closed, s.prose = in, 0, -1, [3]bool{}, [3]int{}, 0
	s.out.space, s.out.begun, s.out.value, s.out.open = false, false, false, 0
	for s.at < len(s.in) {
		switch k := classOf(s.in[s.at]); {
		case k&space != 0:
			s.at++
			if !s.out.value {
				s.out.space = true
			}
		case k&alnum != 0:
			s.word()
		case k&quote != 0:
			s.quoted()
		case k&inner != 0:
			s.inner()
		default:
			s.punctuation()
		}
	}
	if s.out.value {
		s.out.release(s.in, len(s.in))
	}
}

// value replaces the input up to end.
func (s *scanner) value(end int) {
	s.out.placeholder(s.in, s.at, end)
	s.at, s.count = end, -1
}

// literal keeps the input up to end.
func (s *scanner) literal(end int) {
	s.out.literal(s.in, s.at, end)
	s.at = end
}

// one keeps a byte of punctuation, or leaves it to be swallowed by the next value.
func (s *scanner) one() {
	if s.out.value && classOf(s.in[s.at])&join != 0 {
		s.at++
		return
	}
	s.literal(s.at + 1)
}

// few is how much punctuation may stand between a dot and the number that it belongs to.
const few = 4

// inner is at punctuation that may begin a value: -5, .5, #12, /etc, ~/x, @0x7f, \\server.
func (s *scanner) inner() {
	next := s.at + 1
	switch c := s.in[s.at]; {
	case is(s.in, s.at-1, alnum):
		s.one()
	case c == '/' && (is(s.in, next, alnum|inner) || s.alone()), c == '\\' && is(s.in, next, inner),
		(c == '~' || c == '.') && next < len(s.in) && s.in[next] == '/':
		s.value(s.pathEnd(s.at))
	case is(s.in, next, digit), c == '.' && is(s.in, skip(s.in[:min(len(s.in), next+few)], next, inner), digit):
		s.word()
	case c == '_' && is(s.in, next, alnum|inner):
		s.word()
	default:
		s.one()
	}
}

// alone says whether there is space, or nothing, on both sides of the byte.
func (s *scanner) alone() bool {
	return (s.at == 0 || is(s.in, s.at-1, space)) && (s.at+1 == len(s.in) || is(s.in, s.at+1, space))
}

// punctuation is at what is neither space, part of a word nor a quote.
func (s *scanner) punctuation() {
	rest := s.in[s.at:]
	switch c := s.in[s.at]; {
	case c == '=':
		s.assigned()
	case len(rest) >= len(Placeholder) && rest[:len(Placeholder)] == Placeholder:
		s.value(s.at + len(Placeholder))
		s.count = s.at
	case (c == '<' || c == '>') && is(s.in, s.at+1, digit) && !is(s.in, s.at-1, alnum): // <1 ms
		s.word()
	case c == ':' && s.address(): // ::1
	case c == ',' && s.context():
	case c == '(' && s.numbered():
	case c == '[' && s.bracketed(): // [::1]:80
	case c == '[' && is(s.in, s.at-1, space) && is(s.in, s.at+1, closed): // a list without members is one with members
		s.literal(s.at + 1)
		s.value(s.at)
	default:
		s.one()
	}
}
