package logging

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// Record is one line of a log, as sinks get it: what has a place of its own has a field here, everything else is in
// Extra. The zero value of a field means that there is none.
type Record struct {
	Time    time.Time
	Level   zapcore.Level
	Logger  string // its name, with dots: app.users
	Message string

	Module   string // file of the caller with its directory: users/service.go
	Function string // of the caller, with its import path
	Line     int    // in Module

	Error string // text of the error that the record is about
	Stack string // where it was logged, for records of level ERROR and above

	UserID    string
	RequestID string
	IP        string // of the client, as it was given: it need not be a valid address
	TraceID   string // of a trace, in hex
	SpanID    string

	Release     string // version of the program
	Fingerprint string // of the group of errors that it belongs to, when the caller decides

	// Extra are all other fields: the members of a JSON object without its braces, or nothing. It is valid JSON and valid
	// UTF-8. A name may occur twice.
	Extra []byte

	line, text []byte // what AppendJSON and AppendText gave, for further sinks that want the same
}

// Exception returns the text of the error and, below, the stack, or what there is of both.
func (r *Record) Exception() string {
	switch {
	case r.Stack == "":
		return r.Error
	case r.Error == "":
		return r.Stack
	}
	return r.Error + "\n" + r.Stack
}

// lineOf returns the record as a line with its newline, of JSON or for people. Sinks that want the same share it.
func (r *Record) lineOf(text bool) []byte {
	to, appendTo := &r.line, r.AppendJSON
	if text {
		to, appendTo = &r.text, r.AppendText
	}
	if len(*to) == 0 {
		*to = append(appendTo(*to), '\n')
	}
	return *to
}
