package logging

import (
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// AppendJSON appends the record as one line of JSON, without a newline: the fields of a record in their order, those that are
// empty left out, and at the end extra_data. Nothing but quotes, backslashes and what does something to a terminal is escaped; what is not
// UTF-8 becomes U+FFFD.
func (r *Record) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if !r.Time.IsZero() {
		dst = append(dst, `"timestamp":"`...)
		dst = appendTime(dst, r.Time)
		dst = append(dst, `",`...)
	}
	dst = append(dst, `"level":"`...)
	dst = append(dst, LevelName(r.Level)...)
	dst = append(dst, '"')
	dst = appendMember(dst, "logger", r.Logger)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.Message)
	dst = appendMember(dst, "module", r.Module)
	dst = appendMember(dst, "function", r.Function)
	if r.Line > 0 {
		dst = append(dst, `,"line":`...)
		dst = strconv.AppendInt(dst, int64(r.Line), 10)
	}
	dst = r.appendException(dst)
	dst = appendMember(dst, "user_id", r.UserID)
	dst = appendMember(dst, "request_id", r.RequestID)
	dst = appendMember(dst, "ip_address", r.IP)
	dst = appendMember(dst, "trace_id", r.TraceID)
	dst = appendMember(dst, "span_id", r.SpanID)
	dst = appendMember(dst, "release", r.Release)
	dst = appendMember(dst, "fingerprint", r.Fingerprint)
	if len(r.Extra) > 0 {
		dst = append(dst, `,"extra_data":{`...)
		dst = append(dst, r.Extra...)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func (r *Record) appendException(dst []byte) []byte {
	if r.Error == "" && r.Stack == "" {
		return dst
	}
	dst = append(dst, `,"exception":"`...)
	dst = appendEscaped(dst, r.Error)
	if r.Error != "" && r.Stack != "" {
		dst = append(dst, `\n`...)
	}
	dst = appendEscaped(dst, r.Stack)
	return append(dst, '"')
}

// appendMember appends a member that is not the first one, unless it is empty.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return appendString(dst, value)
}

// appendTime appends a time in UTC as in 2026-01-02T03:04:05.000006Z, always with all digits, so that texts sort as times do.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	}
	from := len(dst)
	dst = append(dst, "0000-00-00T00:00:00.000000Z"...)
	at := (*[27]byte)(dst[from:])
	nanos := t.Nanosecond()
	put(at[0:2], year/100)
	put(at[2:4], year%100)
	put(at[5:7], int(month))
	put(at[8:10], day)
	put(at[11:13], hour)
	put(at[14:16], minute)
	put(at[17:19], second)
	put(at[20:22], nanos/10_000_000)
	put(at[22:24], nanos/100_000%100)
	put(at[24:26], nanos/1000%100)
	return dst
}

// put writes two digits.
func put(to []byte, n int) {
	_, pair := to[1], digits[2*n:]
	to[0], to[1] = pair[0], pair[1]
}

// digits are those of the numbers below 100.
const digits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// appendString appends a text as a string of JSON.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if isPlain(s) {
		dst = append(dst, s...)
	} else {
		dst = appendEscaped(dst, s)
	}
	return append(dst, '"')
}

// appendEscaped appends a text as it stands between the quotes of JSON. What does something to a terminal is escaped, too.
func appendEscaped(dst []byte, s string) []byte {
	begin := 0 // of what can be copied as it is
	for i := 0; i < len(s); {
		if i+8 <= len(s) && arePlain(word(s[i:])) {
			i += 8
			continue
		}
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, size = utf8.DecodeRuneInString(s[i:]); size > 1 && !isControl(r) {
				i += size
				continue
			}
		}
		dst = append(dst, s[begin:i]...)
		dst = appendEscape(dst, r, size)
		i += size
		begin = i
	}
	return append(dst, s[begin:]...)
}

// isPlain says whether a text can stand as it is, which most do. It may say no although it can.
func isPlain(s string) bool {
	const spaces = 0x2020202020202020
	switch n := len(s); {
	case n >= 8:
		for i := 0; i+8 < n; i += 8 {
			if !arePlain(word(s[i:])) {
				return false
			}
		}
		return arePlain(word(s[n-8:])) // some of them for the second time
	case n >= 4:
		return arePlain(uint64(half(s)) | uint64(half(s[n-4:]))<<32)
	case n == 3:
		return arePlain(spaces&^0xffffff | uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16)
	case n == 2:
		return arePlain(spaces&^0xffff | uint64(s[0]) | uint64(s[1])<<8)
	case n == 1:
		return arePlain(spaces&^0xff | uint64(s[0]))
	}
	return true
}

// word returns the first eight bytes.
func word(s string) uint64 { return uint64(half(s)) | uint64(half(s[4:]))<<32 }

// half returns the first four bytes.
func half(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// arePlain says whether all of eight bytes can stand as they are; it looks at them at once. It may say no although they can.
func arePlain(x uint64) bool {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	quote, backslash := x^'"'*ones, x^'\\'*ones
	return (x|(x-' '*ones)|(x+ones)|(quote-ones)|(backslash-ones))&highest == 0
}

// view returns bytes as a string, without a copy. They must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // see above

const hexDigits = "0123456789abcdef"

// appendEscape appends a rune that cannot stand as it is, or for a byte that is none what Go has for it.
func appendEscape(dst []byte, r rune, size int) []byte {
	switch {
	case r == '"', r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\r':
		return append(dst, '\\', 'r')
	case r == '\t':
		return append(dst, '\\', 't')
	case r == utf8.RuneError && size == 1:
		return append(dst, "\ufffd"...)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&0xf], hexDigits[r>>8&0xf], hexDigits[r>>4&0xf], hexDigits[r&0xf])
}

// isControl says whether a rune does something to a terminal or to the order of what is read. None is beyond U+FFFF.
func isControl(r rune) bool {
	return r < 0xa0 || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' || r == '\u2028' || r == '\u2029'
}
