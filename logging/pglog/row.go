package pglog

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// Limits of what a record may hold, in bytes. What is longer is cut, so that no record is larger than a batch.
const (
	maxMessage   = 64 << 10
	maxException = 256 << 10 // each of error and stack
	maxName      = 1 << 10   // everything else
	maxExtra     = 1 << 20
	keptBuffer   = 2 << 10 // larger ones are not kept for the next record
	rowOverhead  = 320     // of a record in memory, without its texts
)

// row is a record that waits. Its Extra is its own and is used again.
type row struct {
	logging.Record

	seq  uint64 // counts accepted records from 1
	size int    // in memory, about
	fold uint32 // a bit for each field whose value its column refused
}

// classes are the levels as they are named, from DEBUG to CRITICAL.
const classes = 5

// classOf returns which of them a level is.
func classOf(l zapcore.Level) int {
	switch {
	case l < zapcore.InfoLevel:
		return 0
	case l < zapcore.WarnLevel:
		return 1
	case l < zapcore.ErrorLevel:
		return 2
	case l < zapcore.DPanicLevel:
		return 3
	}
	return 4
}

// className returns the name of a class.
func className(class int) string {
	return [classes]string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}[class]
}

// set makes the row a copy of r with a buffer of its own for Extra, and cuts what is too long.
func (w *row) set(r *logging.Record) {
	extra := w.Extra[:0]
	w.Record = logging.Record{ // and nothing else that r may hold
		Time: r.Time, Level: r.Level, Logger: r.Logger, Message: r.Message, Module: r.Module, Function: r.Function, Line: r.Line,
		Error: r.Error, Stack: r.Stack, UserID: r.UserID, RequestID: r.RequestID, IP: r.IP, TraceID: r.TraceID, SpanID: r.SpanID,
		Release: r.Release, Fingerprint: r.Fingerprint,
	}
	if len(r.Extra) > maxExtra {
		extra = strconv.AppendInt(append(extra, `"extra_data_too_long":`...), int64(len(r.Extra)), 10)
	} else {
		extra = append(extra, r.Extra...)
	}
	w.Extra = extra
	w.size = rowOverhead + len(extra)
	for _, text := range [...]struct {
		s     *string
		limit int
	}{
		{&w.Logger, maxName}, {&w.Message, maxMessage}, {&w.Module, maxName}, {&w.Function, maxName},
		{&w.Error, maxException}, {&w.Stack, maxException}, {&w.UserID, maxName}, {&w.RequestID, maxName}, {&w.IP, maxName},
		{&w.TraceID, maxName}, {&w.SpanID, maxName}, {&w.Release, maxName}, {&w.Fingerprint, maxName},
	} {
		if len(*text.s) > text.limit {
			*text.s = strings.Clone(cut(*text.s, text.limit)) // not to keep the whole
		}
		w.size += len(*text.s)
	}
}

// clear forgets the record and keeps its buffer, unless that is large.
func (w *row) clear() {
	extra := w.Extra[:0]
	if cap(extra) > keptBuffer {
		extra = nil
	}
	*w = row{}
	w.Extra = extra
}

// cut returns the beginning of s, at most limit bytes, without half a rune at its end.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for back := limit; back > limit-utf8.UTFMax && back > 0; back-- {
		if utf8.RuneStart(s[back]) {
			return s[:back]
		}
	}
	return s[:limit]
}
