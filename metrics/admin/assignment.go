package admin

import "strings"

// assignments masks the values in name=value, name: value, "name":"value", name => value, ?name=value and the like, for names of
// secrets.
func assignments(s string) string {
	if !strings.ContainsAny(s, "=:") && !strings.Contains(s, "%3") {
		return s
	}
	var b strings.Builder
	done := 0 // what is written
	for i := 0; i < len(s); i++ {
		end := separator(s, i)
		if end == i {
			continue
		}
		name, inQuery := nameBefore(s[done:i])
		secret := secrecy(name)
		if inQuery && (name == "code" || name == "sig") {
			secret = strong
		}
		if secret == harmless {
			continue
		}
		from, to := valueAfter(s, end, name, secret, inQuery)
		if value := s[from:to]; to > from && isHidden(secret, name, value, s[i:from]) {
			b.WriteString(s[done:from])
			b.WriteString(quotedLike(value))
			done = to
		}
		i = max(i, to-1)
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// separator returns where a separator that begins at i ends, or i.
func separator(s string, i int) int {
	switch {
	case s[i] == '=' && i+1 < len(s) && s[i+1] == '>':
		return i + 2
	case s[i] == ':' && i+1 < len(s) && s[i+1] == '=':
		return i + 2
	case s[i] == '=' || s[i] == ':' && !strings.HasPrefix(s[i:], "://"):
		return i + 1
	case len(s) > i+2 && (s[i:i+3] == "%3D" || s[i:i+3] == "%3d"):
		return i + 3
	}
	return i
}

// nameBefore returns the name at the end of s, and whether it is a parameter of a URL.
func nameBefore(s string) (name string, inQuery bool) {
	end := len(strings.TrimRight(s, " \t\"'\\`]"))
	begin := end
	for begin > 0 && isNameByte(s[begin-1]) {
		begin--
	}
	name = s[begin:end]
	return name, begin > 0 && (s[begin-1] == '?' || s[begin-1] == '&')
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// valueAfter returns where the value is that begins at i.
func valueAfter(s string, i int, name string, secret strength, inQuery bool) (from, to int) {
	from = i
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	if from == len(s) {
		return from, from
	}
	rest := s[from:]
	lower := strings.ToLower(name)
	switch {
	case inQuery:
		return from, from + until(rest, "&# \t\n\"'<>`")
	case secret == strong && strings.IndexByte("|>\r\n", rest[0]) >= 0:
		return block(s, i, from)
	case rest[0] == '"' || rest[0] == '\'' || rest[0] == '`' || rest[0] == '\\':
		return from, from + quoted(rest)
	case rest[0] == '[' || rest[0] == '{' || rest[0] == '(':
		return from, from + bracketed(rest)
	case strings.HasSuffix(lower, "authorization") || strings.HasSuffix(lower, "cookie"):
		return from, from + until(rest, "\r\n")
	}
	return from, from + word(rest)
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

// quoted returns the length of what begins with a quote, which may have backslashes before it, as in texts within texts.
func quoted(s string) int {
	slashes := 0
	for slashes < len(s) && s[slashes] == '\\' {
		slashes++
	}
	if slashes == len(s) || s[slashes] != '"' && s[slashes] != '\'' && s[slashes] != '`' {
		return word(s)
	}
	for i := slashes + 1; i < len(s); i++ {
		if s[i] != s[slashes] {
			continue
		}
		before := 0
		for before < i-slashes-1 && s[i-1-before] == '\\' {
			before++
		}
		if before <= slashes { // more of them mean a quote within
			return i + 1
		}
	}
	return len(s)
}

// bracketed returns the length of what begins with a bracket, up to the one that closes it, or the end of the line.
func bracketed(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return until(s, "\n")
}

// block returns where the lines are that stand further to the right than the one with the name, as in YAML.
func block(s string, at, from int) (begin, end int) {
	line := strings.LastIndexByte(s[:at], '\n') + 1
	indent := len(s[line:]) - len(strings.TrimLeft(s[line:], " \t-"))
	newline := until(s[from:], "\n")
	if from+newline == len(s) || strings.Trim(s[from:from+newline], "|>+-0123456789 \t\r") != "" {
		return from, from + word(s[from:])
	}
	begin = from + newline + 1
	end = begin
	for end < len(s) {
		next := len(s)
		if n := strings.IndexByte(s[end:], '\n'); n >= 0 {
			next = end + n + 1
		}
		text := s[end:next]
		if spaces := len(text) - len(strings.TrimLeft(text, " \t")); strings.TrimSpace(text) != "" && spaces <= indent {
			break
		}
		end = next
	}
	return begin, end
}

// isHidden decides whether a value is hidden. What stands after weak names in prose is mostly a word, not a secret.
func isHidden(secret strength, name, value, between string) bool {
	bare := strings.Trim(value, "\"'`\\,;")
	if isState(bare) {
		return false
	}
	if secret == strong {
		return !strings.HasPrefix(value, masked)
	}
	if isSmallNumber(bare) {
		return false
	}
	prose := strings.HasPrefix(between, ":") && strings.HasSuffix(between, " ")
	if prose || strings.EqualFold(name, "key") {
		return looksRandom(bare) || strings.ContainsAny(value[:1], "\"'[{`\\")
	}
	return true
}

// quotedLike returns the mask in the quotes that a value had, and with the line end that it had.
func quotedLike(value string) string {
	slashes := len(value) - len(strings.TrimLeft(value, "\\"))
	switch {
	case slashes < len(value) && (value[slashes] == '"' || value[slashes] == '\'' || value[slashes] == '`'):
		quote := value[:slashes+1]
		return quote + masked + quote
	case strings.HasSuffix(value, "\n"):
		return masked + "\n"
	}
	return masked
}
