package fingerprint

// kind is what a byte can be, as bits.
type kind uint16

const (
	space  kind = 1 << iota
	letter      // or a byte of a rune beyond ASCII
	upper
	digit
	hexa  // a digit of hex, of either case
	inner // punctuation that does not end a word
	quote
	join // punctuation that disappears between two values
	open // a bracket
	closed
)

const (
	lowerHex = letter | hexa
	upperHex = letter | hexa | upper
	big      = letter | upper
	number   = digit | hexa
	either   = inner | join
	alnum    = letter | digit
)

// class says what a byte of ASCII is.
var class = [128]kind{
	' ': space, '\t': space, '\n': space, '\r': space, '\v': space, '\f': space,
	'0': number, '1': number, '2': number, '3': number, '4': number, '5': number, '6': number, '7': number, '8': number, '9': number,
	'a': lowerHex, 'b': lowerHex, 'c': lowerHex, 'd': lowerHex, 'e': lowerHex, 'f': lowerHex,
	'g': letter, 'h': letter, 'i': letter, 'j': letter, 'k': letter, 'l': letter, 'm': letter, 'n': letter, 'o': letter, 'p': letter,
	'q': letter, 'r': letter, 's': letter, 't': letter, 'u': letter, 'v': letter, 'w': letter, 'x': letter, 'y': letter, 'z': letter,
	'A': upperHex, 'B': upperHex, 'C': upperHex, 'D': upperHex, 'E': upperHex, 'F': upperHex,
	'G': big, 'H': big, 'I': big, 'J': big, 'K': big, 'L': big, 'M': big, 'N': big, 'O': big, 'P': big,
	'Q': big, 'R': big, 'S': big, 'T': big, 'U': big, 'V': big, 'W': big, 'X': big, 'Y': big, 'Z': big,
	'_': inner, '$': inner, '-': either, '.': either, '/': either, '@': either, '+': either, '%': either, '#': either, '~': either, '\\': either,
	'"': quote, '\'': quote, '`': quote,
	',': join, ':': join, ';': join, '|': join, '*': join, '&': join, '^': join,
	'(': join | open, '[': join | open, '{': join | open, ')': join | closed, ']': join | closed, '}': join | closed,
}

// classOf says what any byte is.
func classOf(c byte) kind {
	if int(c) >= len(class) {
		return letter
	}
	return class[c]
}

// is says whether in[i] exists and is of one of the kinds.
func is(in string, i int, kinds kind) bool { return i >= 0 && i < len(in) && classOf(in[i])&kinds != 0 }

// skip returns where the bytes of some kinds that begin at i end.
func skip(in string, i int, kinds kind) int {
	for is(in, i, kinds) {
		i++
	}
	return i
}
