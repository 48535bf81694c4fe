package secret

import "strings"

// What a byte means to [Masker.MayHold].
const (
	inWord  = iota + 1 // it is part of a word
	opening            // it is, too, and a word that begins with it may be one that makes a secret of what follows: see seconds
	marking            // it may separate a secret from its name, or be part of one
)

// seconds are the bytes that may follow an opening one in such words, each as the bit of its last six bits.
var seconds = [256]uint64{
	'A': 1<<('G'&63) | 1<<('I'&63) | 1<<('K'&63) | 1<<('P'&63) | 1<<('S'&63) | 1<<('T'&63) | 1<<('p'&63),
	'B': 1<<('A'&63) | 1<<('E'&63) | 1<<('a'&63) | 1<<('e'&63),
	'I': 1<<('D'&63) | 1<<('d'&63),
	'P': 1<<('A'&63) | 1<<('a'&63),
	'S': 1 << ('G' & 63),
	'T': 1<<('O'&63) | 1<<('o'&63),
	'a': 1<<('P'&63) | 1<<('p'&63),
	'b': 1<<('A'&63) | 1<<('E'&63) | 1<<('a'&63) | 1<<('e'&63),
	'd': 1 << ('o' & 63),
	'e': 1 << ('y' & 63),
	'g': 1<<('h'&63) | 1<<('i'&63) | 1<<('l'&63),
	'h': 1<<('f'&63) | 1<<('v'&63),
	'i': 1<<('D'&63) | 1<<('d'&63),
	'n': 1 << ('p' & 63),
	'p': 1<<('A'&63) | 1<<('a'&63) | 1<<('y'&63),
	'r': 1 << ('k' & 63),
	's': 1<<('h'&63) | 1<<('k'&63),
	't': 1<<('O'&63) | 1<<('o'&63),
	'w': 1 << ('h' & 63),
	'x': 1<<64 - 1,
	'y': 1 << ('a' & 63),
}

var meanings = [256]uint8{
	'0': inWord, '1': inWord, '2': inWord, '3': inWord, '4': inWord, '5': inWord, '6': inWord, '7': inWord, '8': inWord, '9': inWord, 'C': inWord, 'D': inWord, 'E': inWord, 'F': inWord,
	'G': inWord, 'H': inWord, 'J': inWord, 'K': inWord, 'L': inWord, 'M': inWord, 'N': inWord, 'O': inWord, 'Q': inWord, 'R': inWord, 'U': inWord, 'V': inWord, 'W': inWord, 'X': inWord,
	'Y': inWord, 'Z': inWord, '_': inWord, 'c': inWord, 'f': inWord, 'j': inWord, 'k': inWord, 'l': inWord, 'm': inWord, 'o': inWord, 'q': inWord, 'u': inWord, 'v': inWord, 'z': inWord,
	'A': opening, 'B': opening, 'I': opening, 'P': opening, 'S': opening, 'T': opening, 'a': opening, 'b': opening, 'd': opening, 'e': opening, 'g': opening, 'h': opening,
	'i': opening, 'n': opening, 'p': opening, 'r': opening, 's': opening, 't': opening, 'w': opening, 'x': opening, 'y': opening,
	'\t': marking, 0x1b: marking, ' ': marking, '%': marking, '-': marking, ':': marking, '<': marking, '=': marking, '@': marking, '[': marking, '{': marking,
	0xc5: marking, 0xe2: marking, 0xef: marking,
}

// MayHold says whether [Masker.Lines] or [Masker.Text] might change a text, other than by More. It is a glance that allocates
// nothing and takes some tens of nanoseconds; what it says no to, they leave as it is.
func (m *Masker) MayHold(s string) bool {
	if m.NamesOnly {
		return false
	}
	for i := 0; i < len(s); {
		c := s[i]
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch meanings[c] {
		case opening:
			if seconds[c]>>(next&63)&1 != 0 && beginsSecret(s, i) {
				return true
			}
			fallthrough
		case inWord:
			for i++; i < len(s) && meanings[s[i]]-1 < marking-1; i++ {
			}
		case marking:
			if (c != ' ' || next == ' ') && m.marksSecret(s, i) {
				return true
			}
			i++
		default:
			i++
		}
	}
	return false
}

// marksSecret says whether there may be a secret because of the byte at i.
func (m *Masker) marksSecret(s string, i int) bool {
	rest := s[i:]
	switch s[i] {
	case ' ', '\t': // two spaces
		return m.Secrecy(columnBefore(s, i)) == Strong
	case '=':
		return m.assignsSecret(s, i)
	case ':':
		if strings.HasPrefix(rest, "://") {
			return strings.IndexByte(rest, '@') > 0 || isHook(rest[3:])
		}
		return m.assignsSecret(s, i)
	case '-':
		return m.isOptionAt(s, i) || strings.HasPrefix(rest, "-----BEGIN ")
	case '{', '[':
		return beginsJSON(s, i)
	case '@':
		return strings.HasPrefix(rest, "@tcp(") || strings.HasPrefix(rest, "@unix(") || strings.HasPrefix(rest, "@udp(")
	case '<':
		return strings.Contains(rest, "</") && m.Secrecy(rest[1:1+nameLength(rest[1:], ":.-")]) != Harmless
	case '%':
		return (strings.HasPrefix(rest, "%3D") || strings.HasPrefix(rest, "%3d")) && m.assignsSecret(s, i)
	case 0xef:
		return strings.HasPrefix(rest, "：") && m.assignsSecret(s, i)
	case 0xc5, 0xe2: // of ſ and of the sign for Kelvin, which are s and k where case does not matter
		return strings.HasPrefix(rest, "\u017f") || strings.HasPrefix(rest, "\u212a")
	}
	return true // of terminals
}

// assignsSecret says whether the separator at i is behind the name of a secret.
func (m *Masker) assignsSecret(s string, i int) bool {
	a := assigned{Masker: m, s: s}
	a.found(0, i)
	return a.secret != Harmless
}

// columnBefore returns the word that ends at i.
func columnBefore(s string, i int) string {
	from := i
	for from > 0 && (isWord(s[from-1]) || s[from-1] == '.' || s[from-1] == '-') {
		from--
	}
	return s[from:i]
}

func isWord(c byte) bool { return meanings[c]-1 < marking-1 }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' }

// nameLength returns how many bytes at the beginning are of a word or one of others.
func nameLength(s, others string) int {
	for i := range len(s) {
		if !isWord(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

// isOptionAt says whether the dash at i begins an option of a command that is followed by a secret.
func (m *Masker) isOptionAt(s string, i int) bool {
	if i > 0 && !isSpace(s[i-1]) && strings.IndexByte("\"'`[", s[i-1]) < 0 {
		return false
	}
	name := strings.TrimPrefix(s[i+1:], "-")
	length := nameLength(name, ".-")
	switch {
	case length > 0 && length < len(name) && isSpace(name[length]) && m.Secrecy(name[:length]) != Harmless:
		return true
	case strings.HasPrefix(name, "u"): // of curl
		return hasColon(name[1:]) || strings.HasPrefix(name, "user") && len(name) > 4 && hasColon(name[5:])
	case strings.HasPrefix(s[i:], "-p"):
		return strings.Contains(s[:i], "mysql")
	}
	return false
}

// hasColon says whether the first word has one.
func hasColon(s string) bool {
	s = strings.TrimLeft(s, " \t\n\r\f")
	end := strings.IndexAny(s, ": \t\n\r\f")
	return end > 0 && s[end] == ':'
}

// isHook says whether what follows :// may be an address that is a secret.
func isHook(s string) bool {
	return strings.Contains(s, "hooks.slack.com") || strings.Contains(s, "/webhooks/") || strings.Contains(s, "/hook/") || strings.Contains(s, "telegram")
}

// beginsJSON says whether the bracket at i is the first of a line, and may be followed by texts.
func beginsJSON(s string, i int) bool {
	for before := i - 1; before >= 0 && s[before] != '\n'; before-- {
		if s[before] > ' ' && s[before] < 0x80 {
			return false
		}
	}
	inside := strings.TrimLeft(s[i+1:], " \t\r\n")
	return inside != "" && strings.IndexByte("\"{[", inside[0]) >= 0
}
