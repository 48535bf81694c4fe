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
	dst = appendDigits(dst, year, 4)
	dst = append(dst, '-')
	dst = appendDigits(dst, int(month), 2)
	dst = append(dst, '-')
	dst = appendDigits(dst, day, 2)
	dst = append(dst, 'T')
	dst = appendDigits(dst, hour, 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, minute, 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, second, 2)
	dst = append(dst, '.')
	dst = appendDigits(dst, t.Nanosecond()/1000, 6)
	return append(dst, 'Z')
}

// appendDigits appends the last digits of n, which is not negative.
func appendDigits(dst []byte, n, digits int) []byte {
	at := len(dst)
	dst = append(dst, "000000"[:digits]...)
	for i := at + digits - 1; i >= at; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

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
			if size := runeLen(s[i:]); size > 0 {
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

// runeLen returns the length of the rune that s begins with, 0 if it is none.
func runeLen[T string | []byte](s T) int {
	r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	if r == utf8.RuneError && size == 1 {
		return 0
	}
	return size
}

// appendEscape appends a byte that cannot stand in a string of JSON.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
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
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
