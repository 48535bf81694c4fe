package logging

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the record as one line of JSON, without a newline: the fields of a record in their order, those that are
// empty left out, and at the end extra_data. Nothing but control characters, quotes and backslashes is escaped; what is not
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
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends a text as it stands between the quotes of JSON.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	begin := 0 // of what can be copied as it is
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if _, size := firstRune(s[i:]); size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[begin:i]...)
		dst = appendEscape(dst, c)
		i++
		begin = i
	}
	return append(dst, s[begin:]...)
}

// firstRune returns the rune that s begins with, and its length, which is 1 for a byte that is none.
func firstRune[T string | []byte](s T) (r rune, size int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

const hexDigits = "0123456789abcdef"

// appendEscape appends a byte that cannot stand in a string of JSON.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(dst, "\ufffd"...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
