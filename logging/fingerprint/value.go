package fingerprint

// longHex is the length from which a word of a to f alone is a number and no word: effaced has seven letters.
const longHex = 8

// isValue says whether a word without digits is a value by its form.
func isValue(text string, w shape) bool {
	switch {
	case w.ats > 0: // mail, user@host, Type@deadbeef
		return true
	case w.slashes > 1 || w.slashes == 1 && w.dots > 0: // a/b/c, app/main.go
		return true
	case int(w.hexas) == len(text) && len(text) >= longHex:
		return true
	case len(text) >= 16 && int(w.humps)*4 > len(text): // base64
		return true
	case w.dots > 0 && w.letters > 0:
		return isName(text, w)
	}
	return false
}

// isName says whether a word with dots is the name of a host or of a file: a.b.example, example.com, app.log.
func isName(text string, w shape) bool {
	dot := len(text) - 1
	for text[dot] != '.' {
		dot--
	}
	if w.dots > 1 {
		return w.uppers == 0
	}
	switch text[dot+1:] {
	case "com", "org", "net", "edu", "gov", "io", "dev", "local", "internal", "lan", "localdomain", "example", "invalid", "test",
		"log", "conf", "cnf", "cfg", "ini", "json", "yaml", "yml", "toml", "xml", "properties", "env", "txt", "csv", "html", "htm",
		"go", "py", "js", "ts", "rb", "rs", "java", "php", "sh", "sql", "so", "dll", "exe", "jar", "pid", "sock", "lock", "tmp", "db",
		"rdb", "aof", "wal", "gz", "zip", "tar", "tgz", "zst", "bak", "pem", "crt", "key", "png", "jpg", "gif", "pdf", "plist":
		return true
	}
	return false
}

// address replaces an IPv6 or MAC address, with a port when there is one in brackets, and says whether there was one.
func (s *scanner) address() bool {
	i, colons, group, gap := s.at, 0, 0, false
	for ; i < len(s.in) && i < s.at+45; i++ {
		if is(s.in, i, hexa) {
			if group++; group > 4 {
				return false
			}
			continue
		}
		if s.in[i] != ':' {
			break
		}
		if i > s.at && s.in[i-1] == ':' {
			if gap {
				return false
			}
			gap = true
		}
		colons++
		group = 0
	}
	if colons < 2 || colons != 7 && colons != 5 && !gap || is(s.in, s.at-1, alnum) || colons == 2 && i == s.at+2 && !s.alone2(i) {
		return false
	}
	if is(s.in, i, letter) { // main::call is no address, and ::ffff:10.0.0.1 ends with one that the next word takes
		return false
	}
	s.value(i)
	return true
}

// bracketed replaces an IPv6 address in brackets, and says whether there was one.
func (s *scanner) bracketed() bool {
	const longest = 70 // with a zone
	i, colons := s.at+1, 0
	for ; i < min(len(s.in), s.at+longest) && s.in[i] != ']'; i++ {
		switch {
		case s.in[i] == '%' && colons > 1:
			i = skip(s.in[:min(len(s.in), s.at+longest)], i+1, alnum|inner) - 1
		case s.in[i] == ':':
			colons++
		case !is(s.in, i, hexa) && s.in[i] != '.':
			return false
		}
	}
	if colons < 2 || i >= len(s.in) || s.in[i] != ']' {
		return false
	}
	s.value(i + 1) // a port joins it
	return true
}

// alone2 says whether nothing but space or brackets is around the two bytes before end.
func (s *scanner) alone2(end int) bool { return !is(s.in, s.at-1, alnum) && !is(s.in, end, alnum) }

// pathEnd returns where a path or an address that begins at i ends.
func (s *scanner) pathEnd(i int) int {
	begin := i
	for ; i < len(s.in); i++ {
		c := s.in[i]
		if classOf(c)&(alnum|inner) == 0 && c != ':' && c != '?' && c != '&' && c != '=' && c != '*' && (c != ',' || !is(s.in, i+1, alnum)) {
			break
		}
	}
	for i > begin+1 && (s.in[i-1] == '.' || s.in[i-1] == ':' || s.in[i-1] == '?' || s.in[i-1] == ',') {
		i--
	}
	return i
}

// urlEnd returns where a URL ends, of which a part ends at i.
func urlEnd(in string, i int) int {
	begin := i
	for i < len(in) && classOf(in[i])&(space|quote) == 0 && in[i] != '<' && in[i] != '>' {
		i++
	}
	for i > begin+3 && (classOf(in[i-1])&closed != 0 || in[i-1] == '.' || in[i-1] == ',' || in[i-1] == ';' || in[i-1] == ':') {
		i--
	}
	return i
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }
