package envcfg

import "strings"

// eachPassword calls do with the value of each pair in a text whose key says that it is a secret, in the notations of
// drivers, query strings, YAML and JSON: password=p, password = 'p q', "password": "p", Password=p;. It takes one pass.
func eachPassword(text string, do func(value string)) {
	for at := 0; at < len(text); {
		if !isNameByte(text[at]) {
			at++
			continue
		}
		end := at
		for end < len(text) && isNameByte(text[end]) {
			end++
		}
		key := text[at:end]
		at = end
		if at < len(text) && (text[at] == '"' || text[at] == '\'') {
			at++
		}
		at = skipBlanks(text, at)
		if at >= len(text) || text[at] != '=' && text[at] != ':' || strings.HasPrefix(text[at:], "://") || !secretKey(key) {
			continue
		}
		at = skipBlanks(text, at+1)
		value, length := settingValue(text[at:])
		do(value)
		at += length
	}
}

func skipBlanks(text string, at int) int {
	for at < len(text) && (isBlank(text[at]) || text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

// settingValue returns the value at the beginning of a text, and its length with quotes.
func settingValue(text string) (value string, length int) {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
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
	if length = strings.IndexAny(text, "?&;,# \t\r\n"); length < 0 {
		length = len(text)
	}
	return text[:length], length
}

// isSettingSeparator says what stands between settings such as password=p, in query strings and in drivers' notations.
func isSettingSeparator(r rune) bool { return strings.ContainsRune("?&;# \t\r\n", r) }
