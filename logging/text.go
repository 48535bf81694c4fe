package logging

import (
	"slices"
	"unicode/utf8"
)

// AppendText appends the record as a line for people, without a newline:
//
//	2026-01-02T03:04:05.000006Z - app.users - INFO - user created {"plan":"free","request_id":"4711"}
//
// An exception follows on lines of its own, indented. Control characters in the message are escaped, so that nobody forges
// a line; newlines too.
func (r *Record) AppendText(dst []byte) []byte {
	const between = " - "
	if !r.Time.IsZero() {
		dst = appendTime(dst, r.Time)
		dst = append(dst, between...)
	}
	if r.Logger != "" {
		dst = appendPlain(dst, r.Logger, "")
		dst = append(dst, between...)
	}
	dst = append(dst, LevelName(r.Level)...)
	dst = append(dst, between...)
	dst = appendPlain(dst, r.Message, "")
	dst = r.appendFields(dst)
	if r.Error != "" || r.Stack != "" {
		const indent = "\n    "
		if r.Error != "" {
			dst = append(dst, indent...)
			dst = appendPlain(dst, r.Error, indent)
		}
		if r.Stack != "" {
			dst = append(dst, indent...)
			dst = appendPlain(dst, r.Stack, indent)
		}
	}
	return dst
}

// appendFields appends all that is neither in the line nor below, as an object of JSON.
func (r *Record) appendFields(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, " {"...)
	at := len(dst)
	dst = appendPlain(dst, view(r.Extra), "")
	dst = appendMember(dst, keyUserID, r.UserID)
	dst = appendMember(dst, keyRequestID, r.RequestID)
	dst = appendMember(dst, keyIP, r.IP)
	dst = appendMember(dst, keyTraceID, r.TraceID)
	dst = appendMember(dst, keySpanID, r.SpanID)
	dst = appendMember(dst, keyFingerprint, r.Fingerprint)
	switch {
	case len(dst) == at:
		return dst[:begin]
	case dst[at] == ',':
		dst = slices.Delete(dst, at, at+1)
	}
	return append(dst, '}')
}

// appendPlain appends a text in which control characters are escaped, and newlines replaced by newline unless that is empty.
func appendPlain(dst []byte, s, newline string) []byte {
	begin := 0 // of what can be copied as it is
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f || c == '\t' && newline != "" {
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
		if c == '\n' && newline != "" {
			dst = append(dst, newline...)
		} else {
			dst = appendEscape(dst, r, size)
		}
		i += size
		begin = i
	}
	return append(dst, s[begin:]...)
}
