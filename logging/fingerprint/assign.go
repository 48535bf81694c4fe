package fingerprint

// assigned is at a "=" and replaces the value after it.
func (s *scanner) assigned() {
	next := s.at + 1
	if s.at > 0 && (s.in[s.at-1] == '=' || s.in[s.at-1] == '!' || s.in[s.at-1] == '<' || s.in[s.at-1] == '>') ||
		next < len(s.in) && (s.in[next] == '=' || s.in[next] == '>') {
		s.literal(next) // an operator
		return
	}
	s.literal(next)
	begin := next
	if is(s.in, next, space) {
		begin++
	}
	if begin > next && is(s.in, next-2, space) { // a = b: a word there may be anything
		return
	}
	if end := s.listEnd(begin); end > 0 {
		s.at = begin
		s.value(end)
		return
	}
	end := s.assignedEnd(begin)
	if begin > next && end < len(s.in) && s.in[end] == '=' || end == begin && (begin == len(s.in) || begin > next) {
		s.value(next) // nothing was assigned, and the next name follows
		return
	}
	if end == begin || end < len(s.in) && classOf(s.in[end])&open != 0 {
		return // a quote or a bracket; or a type before one
	}
	s.at = begin
	s.value(end)
}

// assignedEnd returns where the value that begins at i ends: at space, a bracket, a quote or the next name.
func (s *scanner) assignedEnd(i int) int {
	begin := i
	for ; i < len(s.in); i++ {
		c := s.in[i]
		switch k := classOf(c); {
		case k&(space|quote|open|closed) != 0, c == ';', c == '&', c == '>', c == '<':
			return i
		case c == ',':
			end := i + 1
			for end < len(s.in) && (classOf(s.in[end])&alnum != 0 || s.in[end] == '_' || s.in[end] == '.' || s.in[end] == '-') {
				end++
			}
			if end == i+1 || end < len(s.in) && s.in[end] == '=' {
				return i
			}
			i = end - 1
		case c == '=' && i > begin && s.in[begin-1] == ' ':
			return i
		}
	}
	return i
}

// listEnd returns where a bracket that begins at i closes, if there is neither another bracket nor a name= in it and it is
// short, or else 0.
func (s *scanner) listEnd(i int) int {
	const longest = 200
	if !is(s.in, i, open) {
		return 0
	}
	for end := i + 1; end < min(len(s.in), i+longest); end++ {
		switch k := classOf(s.in[end]); {
		case k&closed != 0:
			return end + 1
		case k&open != 0, s.in[end] == '=':
			return 0
		}
	}
	return 0
}
