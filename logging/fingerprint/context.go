package fingerprint

// context is at a comma and leaves out the rest of the message if that is a list of at least two ", name: value", where a
// name is one word of small letters and a value is one word or a quoted text. Servers end messages so to say for whom they
// worked, and leave out the members that they do not know: that does not make it another event. A list that is the whole
// message remains. It says whether it left something out.
func (s *scanner) context() bool {
	if s.at < s.prose {
		return false
	}
	i, pairs := s.at, 0
	for i < len(s.in) {
		if !hasPrefix(s.in[i:], ", ") {
			s.prose = i
			return false
		}
		end, whole := s.pairEnd(i + len(", "))
		if !whole {
			s.prose = end
			return false
		}
		i = end
		pairs++
	}
	if pairs < 2 {
		return false
	}
	if end, whole := s.pairEnd(0); whole && end == s.at {
		return false
	}
	if s.out.value {
		s.out.release(s.in, s.at)
	}
	s.in = s.in[:s.at]
	return true
}

// pairEnd returns where a "name: value" that begins at i ends; or that there is none, and up to where it looked for it.
func (s *scanner) pairEnd(i int) (end int, whole bool) {
	name := i
	for is(s.in, i, letter) && !is(s.in, i, upper) || i < len(s.in) && s.in[i] == '_' {
		i++
	}
	if i == name || !hasPrefix(s.in[i:], ": ") {
		return i, false
	}
	i += len(": ")
	if i < len(s.in) && s.in[i] == '"' {
		end = s.closing(i+1, '"') + 1
		if end == 0 {
			return len(s.in), false
		}
		return end, true
	}
	value, depth := i, 0
	for ; i < len(s.in) && classOf(s.in[i])&(space|quote) == 0 && !hasPrefix(s.in[i:], ", "); i++ {
		switch k := classOf(s.in[i]); {
		case k&open != 0:
			depth++
		case k&closed != 0:
			depth--
		}
	}
	return i, i > value && depth == 0
}

// numbered is at a bracket and replaces it with what is in it if that is a number and its name, as in
// "(2: No such file or directory)". It says whether it did.
func (s *scanner) numbered() bool {
	const longest = 100
	colon := skip(s.in, s.at+1, digit)
	if colon == s.at+1 || !hasPrefix(s.in[colon:], ": ") {
		return false
	}
	for end := colon + len(": "); end < min(len(s.in), colon+longest); end++ {
		switch k := classOf(s.in[end]); {
		case k&closed != 0:
			s.value(end + 1)
			return true
		case k&(open|quote|digit) != 0:
			return false
		}
	}
	return false
}
