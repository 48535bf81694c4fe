package envcfg

import "strings"

// eachPassword calls do with what may be the value of each pair in a text whose key says that it is a secret, in the
// notations of drivers, query strings, YAML and JSON: password=p, password = 'p q', db[password]=p, "password": "p",
// passwords: [p, q]. Where a value ends is a matter of taste, so it may be called more than once.
func eachPassword(text string, do func(value string)) {
	nested := 0 // values that began within the one before
	until := 0
	for at := 0; at < len(text); at++ {
		if !isSeparator(text, at) || !secretKey(keyBefore(text[:at])) {
			continue
		}
		begin := at + 1
		for begin < len(text) && isBlank(text[begin]) {
			begin++
		}
		if begin >= until {
			nested = 0
		}
		const most = 4 // more are no notation of anybody's, and would cost time
		if nested++; nested > most {
			at = max(at, until-1)
			continue
		}
		length := settingValue(text[begin:], do)
		until = max(until, begin+length)
	}
}

// isSeparator says whether an equals sign or a colon stands between a key and its value. A colon without a blank or a quote
// behind it is that of a port.
func isSeparator(text string, at int) bool {
	switch {
	case text[at] == '=':
		return true
	case text[at] != ':' || at+1 == len(text):
		return false
	}
	return strings.IndexByte(" \t\r\n\"'[{", text[at+1]) >= 0
}

// keyBefore returns what stands at the end of a text that may be a key, and is not too long for one.
func keyBefore(text string) string {
	const longest = 64
	text = strings.TrimRight(text[max(len(text)-longest, 0):], " \t\"'")
	return text[strings.LastIndexAny(text, " \t\r\n?&;,#={}\"'")+1:]
}

// settingValue calls do with the values that may begin a text, and returns the length of the longest.
func settingValue(text string, do func(value string)) (length int) {
	if text == "" {
		return 0
	}
	switch text[0] {
	case '"', '\'':
		value, length := quotedValue(text)
		do(value)
		return length
	case '[': // a list
		list, _, _ := strings.Cut(text, "]")
		for rest := list; ; {
			quote := strings.IndexAny(rest, "\"'")
			if quote < 0 {
				break
			}
			value, n := quotedValue(rest[quote:])
			do(value)
			rest = rest[min(quote+n, len(rest)):]
		}
		for value := range strings.SplitSeq(list[1:], ",") {
			do(strings.TrimSpace(value))
		}
		return len(list)
	}
	for _, ends := range [...]string{"?&;# \t\r\n", "?&;# \t\r\n,", "?&;# \t\r\n,}])"} {
		n := strings.IndexAny(text, ends)
		if n < 0 {
			n = len(text)
		}
		length = max(length, n)
		do(text[:n])
	}
	return length
}

// quotedValue returns a text in quotes, which a backslash keeps from ending, and its length with them.
func quotedValue(text string) (value string, length int) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return text[1:i], i + 1
		}
	}
	return text[1:], len(text)
}

// isSettingSeparator says what stands between settings such as password=p, in query strings and in drivers' notations.
func isSettingSeparator(r rune) bool { return strings.ContainsRune("?&;# \t\r\n", r) }
