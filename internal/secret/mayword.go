package secret

import "strings"

// beginsSecret says whether the word that begins at i may be, or announce, a secret. The byte before it is of no word.
func beginsSecret(s string, i int) bool {
	rest := s[i:]
	switch c := s[i]; c {
	case 'e':
		return strings.HasPrefix(rest, "eyJ")
	case 'g':
		return len(rest) > 3 && (rest[1] == 'h' && rest[3] == '_' && isToken(rest, 4) || hasToken(rest, "github_pat_", "glpat-", "glrt-"))
	case 'x':
		return len(rest) > 4 && rest[4] == '-' && isToken(rest, 5)
	case 's':
		return hasToken(rest, "sk-", "sk_live_", "sk_test_", "shpat_")
	case 'r':
		return hasToken(rest, "rk_live_")
	case 'w':
		return hasToken(rest, "whsec_")
	case 'S':
		return hasToken(rest, "SG.")
	case 'y':
		return hasToken(rest, "ya29.")
	case 'h':
		return hasToken(rest, "hf_", "hvs.")
	case 'd':
		return hasToken(rest, "dop_v1_")
	case 'n':
		return hasToken(rest, "npm_")
	case 'p', 'P':
		return hasToken(rest, "pypi-") || folds(rest, "password") && passes(s[:i], rest[len("password"):])
	case 'A':
		return hasToken(rest, "ATATT", "AIza") || strings.HasPrefix(rest, "AKIA") || strings.HasPrefix(rest, "ASIA") || strings.HasPrefix(rest, "AGE-SECRET") || announces(rest, "apikey")
	case 'a':
		return announces(rest, "apikey")
	case 'b', 'B':
		return announces(rest, "bearer") || announces(rest, "basic")
	case 't', 'T':
		return announces(rest, "token")
	}
	return folds(rest, "identified") && (strings.Contains(rest, "'") || strings.ContainsAny(rest, `"$`))
}

// hasToken says whether a word begins in one of the ways and is long enough for a token.
func hasToken(s string, with ...string) bool {
	for _, w := range with {
		if strings.HasPrefix(s, w) && isToken(s, len(w)) {
			return true
		}
	}
	return false
}

// isToken says whether ten bytes at least of a token follow.
func isToken(s string, from int) bool {
	const least = 10
	return nameLength(s[from:], ".-") >= least
}

// folds says whether a text begins with letters, whatever their case. They are given in lower case.
func folds(s, with string) bool {
	if len(s) < len(with) {
		return false
	}
	for i := range len(with) {
		if s[i]|0x20 != with[i] {
			return false
		}
	}
	return true
}

// announces says whether a text begins with a word of the Authorization header that something random follows.
func announces(s, scheme string) bool {
	if !folds(s, scheme) {
		return false
	}
	s = s[len(scheme):]
	value := strings.TrimLeft(s, " \t\n\r\f")
	return len(value) < len(s) && LooksRandom(value[:nameLength(value, ".~+/=:-")])
}

// passes says whether the word password may be followed by one, in SQL or in a file .netrc. Assignments are not its concern.
func passes(before, after string) bool {
	value := strings.TrimLeft(after, " \t\n\r\f")
	if value == "" || len(value) == len(after) {
		return false
	}
	switch value[0] {
	case '\'', '"', '$', '=':
		return true
	case 'e', 'E':
		return len(value) > 1 && value[1] == '\'' || strings.Contains(before, "login")
	case 'f', 'F':
		return strings.Contains(value, "=") || strings.Contains(before, "login")
	}
	return strings.Contains(before, "login")
}
