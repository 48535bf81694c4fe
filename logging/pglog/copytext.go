package pglog

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Rows are sent as the text format of COPY: the server reads each value by the type that its column has at that moment, so
// that a change of the table by others never makes it take one for another. Everything that PostgreSQL does not store is
// replaced on the way: zero bytes and what is not UTF-8 by U+FFFD.

const replacement = "\ufffd"

// appendText appends a text as COPY reads it, at most limit characters of it unless that is 0.
func appendText[T string | []byte](dst []byte, s T, limit int) []byte {
	if limit > 0 && len(s) > limit {
		s = firstRunes(s, limit)
	}
	begin := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if size := runeLen(s[i:]); size > 0 {
				i += size
				continue
			}
		}
		dst = append(dst, s[begin:i]...)
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == 0 || c >= utf8.RuneSelf:
			dst = append(dst, replacement...)
		default:
			dst = append(dst, c)
		}
		i++
		begin = i
	}
	return append(dst, s[begin:]...)
}

// runeLen returns the length of the rune that s begins with, 0 if it is none.
func runeLen[T string | []byte](s T) int {
	r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	if r == utf8.RuneError && size == 1 {
		return 0
	}
	return size
}

// firstRunes returns so many characters of s; what is not UTF-8 counts one for each byte, as it is replaced.
func firstRunes[T string | []byte](s T, n int) T {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		at += max(runeLen(s[at:]), 1)
	}
	return s[:at]
}

// appendJSON appends the members of an object, in braces, as COPY reads them. Escapes that the type jsonb refuses become
// U+FFFD: \u0000 and halves of surrogate pairs.
func appendJSON(dst, members, more []byte) []byte {
	dst = append(dst, '{')
	dst = appendMembers(dst, members)
	if len(more) > 0 {
		if len(members) > 0 {
			dst = append(dst, ',')
		}
		dst = appendMembers(dst, more)
	}
	return append(dst, '}')
}

func appendMembers(dst, s []byte) []byte {
	for len(s) > 0 {
		i := 0
		for i < len(s) && s[i] != '\\' {
			i++
		}
		dst = appendText(dst, s[:i], 0)
		s = s[i:]
		if len(s) == 0 {
			break
		}
		n, bad := escapeLen(s)
		if bad {
			dst = append(dst, replacement...)
		} else {
			dst = appendText(dst, s[:n], 0)
		}
		s = s[n:]
	}
	return dst
}

// escapeLen returns how long the escape is that s begins with, and whether jsonb refuses it.
func escapeLen(s []byte) (n int, bad bool) {
	if len(s) < 6 || s[1] != 'u' {
		return min(2, len(s)), false
	}
	unit, ok := hex4(s[2:6])
	switch {
	case !ok:
		return 2, false
	case unit == 0, unit >= 0xdc00 && unit < 0xe000:
		return 6, true
	case unit < 0xd800 || unit >= 0xe000:
		return 6, false
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, ok := hex4(s[8:12]); ok && low >= 0xdc00 && low < 0xe000 {
			return 12, false
		}
	}
	return 6, true
}

func hex4(s []byte) (n uint16, ok bool) {
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint16(c)
	}
	return n, true
}

// appendMember appends a member of an object.
func appendMember(dst []byte, name, value string) []byte {
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	quoted, _ := json.Marshal(strings.ToValidUTF8(value, replacement)) // a text can always be written
	dst = append(dst, '"')
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return append(dst, quoted...)
}

// appendTime appends a time as in 2026-01-02 03:04:05.000006+00.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendDigits(dst, year, 4, '-')
	dst = appendDigits(dst, int(month), 2, '-')
	dst = appendDigits(dst, day, 2, ' ')
	dst = appendDigits(dst, hour, 2, ':')
	dst = appendDigits(dst, minute, 2, ':')
	dst = appendDigits(dst, second, 2, '.')
	dst = appendDigits(dst, t.Nanosecond()/1000, 6, '+')
	return append(dst, "00"...)
}

func appendDigits(dst []byte, n, digits int, after byte) []byte {
	at := len(dst)
	dst = append(dst, "000000"[:digits]...)
	for i := at + digits - 1; i >= at; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, after)
}

// storable reports whether a time has a place among the rows.
func storable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1970 && year <= 9999
}

// parseIP returns what the type inet takes of an address: without port, brackets and zone.
func parseIP(s string) (string, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		if addr.Zone() == "" {
			return s, true
		}
		return addr.WithZone("").String(), true
	}
	if pair, err := netip.ParseAddrPort(s); err == nil {
		return pair.Addr().WithZone("").String(), true
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return parseIP(s[1 : len(s)-1])
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return s, true
	}
	return "", false
}

// fitsInt reports whether a text is a whole number of so many bits.
func fitsInt(s string, bits int) bool {
	_, err := strconv.ParseInt(s, 10, bits)
	return err == nil
}

// fitsUUID reports whether PostgreSQL reads a text as a uuid: 32 hexadecimal digits, with hyphens between groups of four, perhaps in
// braces.
func fitsUUID(s string) bool {
	if rest, ok := strings.CutPrefix(s, "{"); ok {
		if s, ok = strings.CutSuffix(rest, "}"); !ok {
			return false
		}
	}
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			digits++
		case c != '-' || digits == 0 || digits%4 != 0 || digits == 32 || s[i-1] == '-':
			return false
		}
	}
	return digits == 32
}
