package fingerprint

// quoted is at a quote, and replaces the text between it and its other half. Names of members, as in {"id":7}, remain, and
// so do the methods of HTTP.
func (s *scanner) quoted() {
	q := s.in[s.at]
	which := 0
	switch q {
	case '\'':
		which = 1
	case '`':
		which = 2
	}
	if s.unclosed[which] || is(s.in, s.at-1, alnum) && q != '"' {
		s.literal(s.at + 1)
		return
	}
	end := s.closed[which] // of an earlier one that was not taken as a whole
	if end <= s.at {
		end = s.closing(s.at+1, q)
		s.closed[which] = end
	}
	switch {
	case end < 0:
		s.unclosed[which] = true
		s.literal(s.at + 1)
	case !s.field() && methodEnd(s.in, s.at+1) > 0:
		s.literal(methodEnd(s.in, s.at+1))
	case end+1 < len(s.in) && s.in[end+1] == ':' && s.member() && isIdentifier(s.in[s.at+1:end]):
		s.literal(end + 1)
	default:
		s.value(end + 1)
	}
}

// field says whether the quote comes after name= or "name: ".
func (s *scanner) field() bool {
	i := s.at - 1
	for i > 0 && s.at-i < 3 && s.in[i] == ' ' {
		i--
	}
	return i >= 0 && (s.in[i] == ':' || s.in[i] == '=')
}

// member says whether the quote comes after a bracket or a comma, as the name of a member of an object does.
func (s *scanner) member() bool {
	i := s.at - 1
	for i > 0 && s.at-i < 3 && s.in[i] == ' ' {
		i--
	}
	return i >= 0 && (s.in[i] == '{' || s.in[i] == ',')
}

// closing returns where a text that begins at i and is in quotes ends, or -1. An apostrophe within a word is none.
func (s *scanner) closing(i int, q byte) int {
	for ; i < len(s.in); i++ {
		switch {
		case s.in[i] == '\\':
			i++
		case s.in[i] == q && (q == '"' || !is(s.in, i+1, alnum)):
			return i
		}
	}
	return -1
}

// methodEnd returns where the method of HTTP that begins at i ends, or 0.
func methodEnd(in string, i int) int {
	end := i
	for end < i+8 && is(in, end, upper) {
		end++
	}
	if end == len(in) || in[end] != ' ' {
		return 0
	}
	switch in[i:end] {
	case "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE":
		return end
	}
	return 0
}

func isIdentifier(text string) bool {
	for i := range len(text) {
		if classOf(text[i])&(alnum|inner) == 0 || classOf(text[i])&digit != 0 && i == 0 {
			return false
		}
	}
	return text != ""
}
