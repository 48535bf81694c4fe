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
	micros := t.Nanosecond() / 1000
	return append(
		dst,
		tens(year/100), units(year/100), tens(year), units(year), '-', tens(int(month)), units(int(month)), '-', tens(day), units(day), 'T',
		tens(hour), units(hour), ':', tens(minute), units(minute), ':', tens(second), units(second), '.',
		tens(micros/10000), units(micros/10000), tens(micros/100), units(micros/100), tens(micros), units(micros), 'Z',
	)
}

// digits are the last two of each number.
const digits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

func tens(n int) byte { return digits[n%100*2] }

func units(n int) byte { return digits[n%100*2+1] }

// appendString appends a text as a string of JSON.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends a text as it stands between the quotes of JSON. What does something to a terminal is escaped, too.
func appendEscaped(dst []byte, s string) []byte {
	begin := 0 // of what can be copied as it is
	for i := 0; i < len(s); {
		for i+8 <= len(s) && arePlain(s[i:i+8]) {
			i += 8
		}
		if i == len(s) {
			break
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

// arePlain says whether all of eight bytes can stand as they are; it looks at them at once. It may say no although they can.
func arePlain(s string) bool {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, backslash := x^'"'*ones, x^'\\'*ones
	return (x|(x-' '*ones)|(x+ones)|(quote-ones)|(backslash-ones))&highest == 0
}

// view returns bytes as a string, without a copy. They must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

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
