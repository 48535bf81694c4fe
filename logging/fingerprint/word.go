package fingerprint

// shape is what the bytes of a word are.
type shape struct {
	digits, letters, uppers, hexas   int32
	dots, slashes, ats, humps, signs int32 // a hump is a capital after a small letter
}

// wordEnd returns where the word that begins at i ends, without punctuation at its end, and its shape.
func wordEnd(in string, i int) (end int, w shape) {
	begin, last := i, kind(0)
	for ; i < len(in); i++ {
		c := in[i]
		k := classOf(c)
		switch {
		case k&digit != 0:
			w.digits++
			w.hexas++
		case k&letter != 0:
			w.letters++
			if k&hexa != 0 {
				w.hexas++
			}
			if k&upper != 0 {
				w.uppers++
				if last&letter != 0 && last&upper == 0 {
					w.humps++
				}
			}
		case k&inner != 0:
			if i+1 < len(in) && in[i+1] == c && c != '_' && i > begin {
				return i, w // a--b, a...b
			}
			switch c {
			case '.':
				w.dots++
			case '/':
				w.slashes++
			case '@':
				w.ats++
			default:
				w.signs++
			}
		default:
			return trim(in, begin, i, &w), w
		}
		last = k
	}
	return trim(in, begin, i, &w), w
}

// trim returns the end of a word without the punctuation there.
func trim(in string, begin, end int, w *shape) int {
	for end > begin+1 && classOf(in[end-1])&inner != 0 && in[end-1] != '%' && in[end-1] != '_' && in[end-1] != '#' {
		end--
		switch in[end] {
		case '.':
			w.dots--
		case '/':
			w.slashes--
		case '@':
			w.ats--
		default:
			w.signs--
		}
	}
	return end
}

// word is at a letter, a digit or a sign before a digit.
func (s *scanner) word() {
	if s.address() {
		return
	}
	begin := s.at
	if c := s.in[begin]; c == '<' || c == '>' {
		begin++
	}
	end, w := wordEnd(s.in, begin)
	if next := s.in[end:]; len(next) > 1 && next[0] == '=' && next[1] != '=' && next[1] != '>' && w.letters > 0 {
		s.literal(end) // a name: arg0=x
		return
	}
	if w.digits == 0 && int(w.letters) == end-begin && w.letters < longHex && (end == len(s.in) || s.in[end] != ':') { // what most words are
		s.plain(end, w)
		return
	}
	switch text, next := s.in[begin:end], s.in[end:]; {
	case w.digits > 0:
		s.value(end)
		if !is(text, 0, letter) {
			s.count = s.at
		}
	case hasPrefix(next, "://"):
		s.value(urlEnd(s.in, end))
	case w.letters == 1 && len(text) == 1 && hasPrefix(next, ":\\"):
		s.value(s.pathEnd(begin))
	case isValue(text, w), w.dots > 0 && w.uppers == 0 && len(next) > 1 && next[0] == ':' && classOf(next[1])&digit != 0:
		s.value(end)
	default:
		s.plain(end, w)
	}
}
