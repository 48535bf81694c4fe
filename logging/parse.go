package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ParseRecord reads a line that [Record.AppendJSON] wrote, for those who want to know what a log says. The stack is told from the
// text of the error by its form; together they are what was written. Members that it does not know are left out. A line
// that is not JSON, or has no level, is an error, which does not quote the line.
func ParseRecord(line []byte) (Record, error) {
	var l struct {
		Timestamp   string          `json:"timestamp"`
		Level       string          `json:"level"`
		Logger      string          `json:"logger"`
		Message     string          `json:"message"`
		Module      string          `json:"module"`
		Function    string          `json:"function"`
		Line        int             `json:"line"`
		Exception   string          `json:"exception"`
		UserID      string          `json:"user_id"`
		RequestID   string          `json:"request_id"`
		IP          string          `json:"ip_address"`
		TraceID     string          `json:"trace_id"`
		SpanID      string          `json:"span_id"`
		Release     string          `json:"release"`
		Fingerprint string          `json:"fingerprint"`
		Extra       json.RawMessage `json:"extra_data"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return Record{}, fmt.Errorf("logging: the line is no record: %w", err)
	}
	r := Record{
		Logger: l.Logger, Message: l.Message, Module: l.Module, Function: l.Function, Line: l.Line, UserID: l.UserID, RequestID: l.RequestID,
		IP: l.IP, TraceID: l.TraceID, SpanID: l.SpanID, Release: l.Release, Fingerprint: l.Fingerprint,
	}
	var err error
	if r.Level, err = ParseLevel(l.Level); err != nil || r.Level == Off {
		return Record{}, errors.New("logging: the line is no record: it has no level that there is")
	}
	if l.Timestamp != "" {
		if r.Time, err = time.Parse(time.RFC3339Nano, l.Timestamp); err != nil {
			return Record{}, errors.New("logging: the line is no record: its timestamp is not one of RFC 3339")
		}
	}
	r.Error, r.Stack = SplitException(l.Exception)
	if extra := bytes.TrimSpace(l.Extra); len(extra) > 0 && !bytes.Equal(extra, []byte("null")) {
		if extra[0] != '{' {
			return Record{}, errors.New("logging: the line is no record: its extra_data is no object")
		}
		r.Extra = bytes.TrimSpace(extra[1 : len(extra)-1])
	}
	return r, nil
}

// SplitException reverses [Record.Exception]: the stack begins at the first line that is followed by one with a place in a
// file, as Go prints stacks. An error whose text has a stack of its own loses it to the stack.
func SplitException(s string) (text, stack string) {
	for begin := 0; ; {
		end := strings.IndexByte(s[begin:], '\n')
		if end < 0 {
			return s, ""
		}
		next := begin + end + 1
		if isPlace(s[next:]) {
			return strings.TrimSuffix(s[:begin], "\n"), s[begin:]
		}
		begin = next
	}
}

// isPlace says whether a text begins with a line such as "\t/src/main.go:7" or "\t/src/main.go:7 +0x1f".
func isPlace(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	rest, tabbed := strings.CutPrefix(line, "\t")
	place, _, _ := strings.Cut(rest, " +0x")
	colon := strings.LastIndexByte(place, ':')
	return tabbed && colon > 0 && colon+1 < len(place) && strings.Trim(place[colon+1:], "0123456789") == ""
}
