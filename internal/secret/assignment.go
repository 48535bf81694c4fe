package secret

import "strings"

// assignments masks the values in name=value, name: value, "name":"value", name => value, ?name=value and the like, for names of
// secrets.
func (m *Masker) assignments(s string) string {
	if !strings.ContainsAny(s, "=:") && !strings.Contains(s, "%3") && !strings.Contains(s, "：") {
		return s
	}
	a := assigned{Masker: m, s: s}
	var b strings.Builder
	done := 0 // what is written
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' {
			a.line = i + 1
		}
		end := separator(s, i)
		if end == i {
			continue
		}
		a.found(done, i)
		if a.secret == Harmless {
			continue
		}
		from, to := a.value(end)
		if to > from && a.isHidden(s[from:to], s[i:from], s[to:]) {
			b.WriteString(s[done:from])
			b.WriteString(m.quotedLike(s[from:to]))
			done = to
		}
		if newline := strings.LastIndexByte(s[i:max(to, i)], '\n'); newline >= 0 {
			a.line = i + newline + 1
		}
		i = max(i, to-1)
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// assigned is one assignment in a text after the other.
type assigned struct {
	*Masker

	s       string
	line    int     // where the line begins
	closers []int32 // of each bracket where it is closed, or 0; made when it is needed

	begin   int // of the name
	name    string
	inQuery bool // it is a parameter of a URL
	secret  Strength
}

// separator returns where a separator that begins at i ends, or i.
func separator(s string, i int) int {
	rest := s[i:]
	for _, two := range [...]string{"=>", ":=", "::"} {
		if strings.HasPrefix(rest, two) {
			return i + len(two)
		}
	}
	switch {
	case rest[0] == '=' || rest[0] == ':' && !strings.HasPrefix(rest, "://"):
		return i + 1
	case strings.HasPrefix(rest, "%3D"), strings.HasPrefix(rest, "%3d"), strings.HasPrefix(rest, "："): // the last is of Chinese texts
		return i + 3
	}
	return i
}

// found reads the name that ends at i, and begins at from at the earliest.
func (a *assigned) found(from, i int) {
	const longIndex = 20
	end := i
	for end > from && isAround(a.s[end-1]) {
		end--
	}
	if end > from && a.s[end-1] == ']' {
		tail := max(end-longIndex, from)
		if open := strings.LastIndexByte(a.s[tail:end], '['); open >= 0 {
			end = from + len(strings.TrimRight(a.s[from:tail+open], "\"'\\`"))
		}
	}
	begin := end
	for begin > from && end-begin <= longName && isNameByte(a.s[begin-1]) {
		begin--
	}
	a.begin, a.name = begin, a.s[begin:end]
	a.inQuery = begin > from && (a.s[begin-1] == '?' || a.s[begin-1] == '&')
	a.secret = a.Secrecy(a.name)
	if a.inQuery && (a.name == "code" || a.name == "sig") {
		a.secret = Strong
	}
}

// isAround says whether a byte may stand between a name and what separates it from its value.
func isAround(c byte) bool {
	return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\' || c == '`' || c == '*'
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// value returns where the value is that begins at i.
func (a *assigned) value(i int) (from, to int) {
	from = i + len(a.s[i:]) - len(strings.TrimLeft(a.s[i:], " \t"))
	to = from
	for range 3 { // what stands before a value: tags and anchors of YAML, marks of Markdown
		begin := to + len(a.s[to:]) - len(strings.TrimLeft(a.s[to:], " \t"))
		if begin == len(a.s) {
			break
		}
		to = a.one(begin)
		word := a.s[begin:to]
		if tag := word != "" && (word[0] == '!' || word[0] == '&') && !a.inQuery; !tag && strings.Trim(word, "*_~") != "" {
			break
		}
	}
	return from, to
}

// one returns where a value ends that begins at from.
func (a *assigned) one(from int) (to int) {
	rest := a.s[from:]
	switch c := rest[0]; {
	case a.inQuery:
		return from + until(rest, "&# \t\n\"'<>`")
	case strings.IndexByte("|>\r\n#", c) >= 0:
		return a.block(from)
	case c == '"' || c == '\'' || c == '`' || c == '\\':
		return from + quoted(rest)
	case c == '(' && a.secret == Strong: // of a type, in dumps
		return from + until(rest, "\r\n")
	case c == '[' || c == '{' || c == '(':
		return a.bracketed(from)
	case isHeader(a.name):
		return from + until(rest, "\r\n")
	}
	return from + word(rest)
}

// longName is how long a name may be. What is longer is none.
const longName = 100

// isHeader says whether a name is that of a header whose value has spaces in it.
func isHeader(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "authorization") || name == "cookie" || name == "set-cookie" || name == "set_cookie"
}

// until returns where one of the characters is, or the end.
func until(s, characters string) int {
	if i := strings.IndexAny(s, characters); i >= 0 {
		return i
	}
	return len(s)
}

// word returns the length of what has no space in it, but for those after a backslash.
func word(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\n', '\r':
			return i
		case '\\':
			i++
		}
	}
	return len(s)
}

// quoted returns the length of what begins with a quote, which has backslashes before it in texts within texts: one, three and
// so on, each level twice as many and one. A quote within has more, or is doubled. Without an end it is the rest of the line.
func quoted(s string) int {
	slashes := len(s) - len(strings.TrimLeft(s, "\\"))
	if slashes == len(s) || strings.IndexByte("\"'`", s[slashes]) < 0 {
		return word(s)
	}
	quote := s[slashes]
	before := 0
	for i := slashes + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			return i
		case c == '\\':
			before++
			continue
		case c == quote && before >= slashes && (before-slashes)%(2*(slashes+1)) == 0:
			if slashes > 0 || i+1 == len(s) || s[i+1] != quote {
				return i + 1
			}
			i++
		}
		before = 0
	}
	return len(s)
}

// bracketed returns the end of what begins with a bracket, and of what follows it without a space, as in []byte("x"): where it is
// closed, or the end of the line.
func (a *assigned) bracketed(from int) int {
	if a.closers == nil {
		a.closers = closers(a.s)
	}
	at := from
	for at < len(a.s) && strings.IndexByte(" \t\r\n,;}])", a.s[at]) < 0 {
		if strings.IndexByte("[{(", a.s[at]) < 0 {
			at++
			continue
		}
		if a.closers[at] == 0 {
			return at + until(a.s[at:], "\r\n")
		}
		at = int(a.closers[at])
	}
	return at
}

// closers returns behind which place each bracket is closed, whatever their kinds.
func closers(s string) []int32 {
	places := make([]int32, len(s))
	var open []int32
	for i := range len(s) {
		switch s[i] {
		case '[', '{', '(':
			open = append(open, int32(i)) // nobody masks texts of 2 GiB
		case ']', '}', ')':
			if n := len(open); n > 0 {
				places[open[n-1]] = int32(i + 1)
				open = open[:n-1]
			}
		}
	}
	return places
}

// block returns the end of the lines that stand further to the right than the one with the name, or are items of a list, as in
// YAML. What only looks like the beginning of one is a word.
func (a *assigned) block(from int) int {
	head := from
	for head < len(a.s) && strings.IndexByte("|>+-0123456789 \t\r", a.s[head]) >= 0 {
		head++
	}
	if head < len(a.s) && a.s[head] == '#' {
		head += until(a.s[head:], "\n")
	}
	if head == len(a.s) || a.s[head] != '\n' {
		return from + word(a.s[from:])
	}
	indent := a.begin - a.line
	if first := strings.TrimLeft(a.s[a.line:a.begin], " \t-\"'"); first != "" {
		indent = len(a.s[a.line:]) - len(strings.TrimLeft(a.s[a.line:], " \t"))
	}
	end := head + 1
	for end < len(a.s) {
		next := min(end+until(a.s[end:], "\n")+1, len(a.s))
		text := strings.TrimLeft(a.s[end:next], " \t")
		spaces := next - end - len(text)
		if strings.TrimSpace(text) != "" && spaces <= indent && (spaces < indent || !strings.HasPrefix(text, "- ")) {
			break
		}
		end = next
	}
	return end
}

// isHidden decides whether a value is hidden. between is what separates it from its name. In prose, what follows a name is mostly a
// word that says what is wrong with it.
func (a *assigned) isHidden(value, between, rest string) bool {
	bare := strings.Trim(value, "\"'`\\,;")
	first, _, _ := strings.Cut(strings.TrimLeft(bare, " \t\n|>-"), " ")
	isPlain := strings.IndexByte("\"'[{`\\", value[0]) < 0
	lined := a.s[a.line:min(max(a.line, a.begin), len(a.s))]
	prose := isPlain && strings.HasPrefix(between, ":") && strings.HasSuffix(between, " ")
	switch {
	case IsState(bare), strings.HasPrefix(value, a.Mask), a.isPort(value, between):
		return false
	case strings.ContainsRune(value, '\n') && isPlain:
		return a.secret == Strong || strings.HasPrefix(strings.TrimSpace(value), "-") || LooksRandom(strings.TrimSpace(first)) || value[0] == '|' || value[0] == '>'
	case a.secret == Strong:
		inProse := prose && strings.TrimLeft(lined, " \t-{,\"'") != "" && strings.HasSuffix(lined, " ") && strings.HasPrefix(rest, " ")
		return !inProse || LooksRandom(bare) || isHeader(a.name)
	case isSmallNumber(bare), isVersion(bare), isNumber(bare) && strings.HasSuffix(strings.ToLower(a.name), "s"):
		return false
	case prose, strings.EqualFold(a.name, "key"):
		return LooksRandom(bare) || !isPlain
	}
	return true
}

// isPort says whether a value is a port, after a name that is one of a host.
func (a *assigned) isPort(value, between string) bool {
	const most = 5
	digits := len(value) - len(strings.TrimLeft(value, "0123456789"))
	if between != ":" || digits < 2 || digits > most || digits < len(value) && strings.IndexByte("/:,);\"'?]", value[digits]) < 0 {
		return false
	}
	return strings.HasSuffix(a.s[:a.begin], "//") || strings.HasSuffix(a.s[:a.begin], "@") || strings.ContainsAny(a.name, "-.")
}

// isVersion says whether a value is a number like 2.14.13.
func isVersion(value string) bool {
	return strings.Count(value, ".") > 1 && strings.Trim(value, "0123456789.:") == ""
}

// quotedLike returns the mask in the quotes that a value had, and with the line end that it had.
func (m *Masker) quotedLike(value string) string {
	slashes := len(value) - len(strings.TrimLeft(value, "\\"))
	switch {
	case slashes < len(value) && strings.IndexByte("\"'`", value[slashes]) >= 0:
		quote := value[:slashes+1]
		return quote + m.Mask + quote
	case strings.HasSuffix(value, "\n"):
		return m.Mask + "\n"
	}
	return m.Mask
}
