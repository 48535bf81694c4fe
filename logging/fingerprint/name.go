package fingerprint

// name replaces the word after one that says of what it is the name, as in "user", when the sentence goes on as those with a
// name do; and that after "for" when "from" and an address follow.
func (s *scanner) name(before string) {
	begin := s.at + 1
	if !is(s.in, s.at, space) || !is(s.in, begin, letter) {
		return
	}
	end, w := wordEnd(s.in, begin)
	switch s.in[begin:end] {
	case "unknown", "name", "id", "from", "by", "not", "does", "already", "is", "was":
		return
	}
	rest := s.in[end:]
	switch {
	case before == "for":
		if !hasPrefix(rest, " from ") || !is(rest, len(" from "), digit) {
			return
		}
	case rest != "" && !hasPrefix(rest, " from ") && !hasPrefix(rest, " by ") && !hasPrefix(rest, " [") && !hasPrefix(rest, " because "):
		if end = nameEnd(s.in, begin); end == 0 {
			return
		}
		w.digits = 0
	}
	if w.digits == 0 {
		s.at = begin
		s.out.space = true
		s.value(end)
	}
}

// nameEnd returns where the name that begins at i ends, of which the sentence says that it does not exist or already does;
// or 0. A name may have several words and a list of arguments, as in "function next price(integer, text) does not exist".
func nameEnd(in string, i int) int {
	const longest = 100
	depth := 0
	for end := i; end < min(len(in), i+longest); end++ {
		switch k := classOf(in[end]); {
		case k&open != 0:
			depth++
		case k&closed != 0:
			depth--
		case in[end] == '"', depth == 0 && k&either == join:
			return 0
		case k&space == 0 || depth != 0:
		default:
			rest := in[end:]
			switch {
			case hasPrefix(rest, " does not exist"), hasPrefix(rest, " already exists"), hasPrefix(rest, " not found"):
				return end
			case hasPrefix(rest, " of "), hasPrefix(rest, " in "), hasPrefix(rest, " for "), hasPrefix(rest, " on "), hasPrefix(rest, " is "):
				return 0
			}
		}
	}
	return 0
}

// absent is after "exist" or "exists" and replaces what comes after a colon, up to another one or the end of the line: what
// does not exist, or already does.
func (s *scanner) absent() {
	if !hasPrefix(s.in[s.at:], ": ") || s.at+len(": ") == len(s.in) {
		return
	}
	s.literal(s.at + len(":"))
	s.at++
	s.out.space = true
	end := s.at
	for end < len(s.in) && s.in[end] != '\n' && !hasPrefix(s.in[end:], ": ") {
		end++
	}
	s.value(end)
}
