package pglog

import (
	"strconv"
	"time"

	"github.com/prodwright/prodwright/logging"
)

// encoder writes rows as COPY reads them. Its buffers are used again.
type encoder struct {
	buf     []byte
	fold    []byte // members of extra_data for what has no column, or does not fit into it
	refused uint32 // fields of the present row whose values their columns refused
	release string // of the program
}

// encode appends a row for the table that t describes. A value that has no column, or does not fit into it, goes to
// extra_data under the name of its column.
func (e *encoder) encode(w *row, fingerprint int64, t *target) {
	r := &w.Record
	e.fold, e.refused = e.fold[:0], w.fold
	if at := r.Time; storable(at) {
		e.buf = appendTime(e.buf, at)
	} else {
		e.buf = appendTime(e.buf, time.Now())
		if !at.IsZero() {
			e.fold = appendMember(e.fold, "timestamp", at.UTC().Format(time.RFC3339Nano))
		}
	}
	e.text(t, fieldLevel, logging.LevelName(r.Level))
	e.text(t, fieldLogger, r.Logger)
	if t.columns[fieldMessage].family == familyText && e.refused == 0 { // also when it is empty
		e.buf = appendText(append(e.buf, '\t'), r.Message, t.columns[fieldMessage].limit)
	} else {
		e.text(t, fieldMessage, r.Message)
	}
	e.text(t, fieldModule, r.Module)
	e.text(t, fieldFunction, r.Function)
	e.number(t, fieldLine, int64(r.Line))
	e.text(t, fieldUserID, r.UserID)
	e.text(t, fieldRequestID, r.RequestID)
	e.text(t, fieldIP, r.IP)
	e.text(t, fieldTraceID, r.TraceID)
	e.text(t, fieldSpanID, r.SpanID)
	release := r.Release
	if release == "" {
		release = e.release
	}
	e.text(t, fieldRelease, release)
	e.exception(t, r)
	e.number(t, fieldFingerprint, fingerprint)
	if t.columns[fieldExtra].family != missing {
		e.buf = append(e.buf, '\t')
		if len(r.Extra) == 0 && len(e.fold) == 0 {
			e.buf = append(e.buf, `\N`...)
		} else {
			e.buf = appendJSON(e.buf, r.Extra, e.fold)
		}
	}
	e.buf = append(e.buf, '\n')
}

// text appends a value, NULL if it is empty or folded.
func (e *encoder) text(t *target, f field, value string) {
	c := t.columns[f]
	if c.family == missing {
		if value != "" {
			e.fold = appendMember(e.fold, fieldNames[f], value)
		}
		return
	}
	e.buf = append(e.buf, '\t')
	fits := value != ""
	if fits {
		switch c.family {
		case familyUUID:
			fits = fitsUUID(value)
		case familyInt:
			fits = fitsInt(value, c.limit)
		case familyInet:
			var ip string
			if ip, fits = parseIP(value); fits {
				value = ip
			}
		}
		fits = fits && e.refused>>f&1 == 0
		if !fits {
			e.fold = appendMember(e.fold, fieldNames[f], value)
		}
	}
	if !fits {
		e.buf = append(e.buf, `\N`...)
		return
	}
	limit := 0
	if c.family == familyText {
		limit = c.limit
	}
	e.buf = appendText(e.buf, value, limit)
}

// number appends a number, NULL if it is 0.
func (e *encoder) number(t *target, f field, value int64) {
	c := t.columns[f]
	switch {
	case c.family == missing:
		if value != 0 {
			e.fold = appendMember(e.fold, fieldNames[f], strconv.FormatInt(value, 10))
		}
	case value == 0 || e.refused>>f&1 == 1 || c.family == familyInt && c.limit < 64 && value>>(c.limit-1) != value>>63:
		e.buf = append(e.buf, "\t\\N"...)
		if value != 0 {
			e.fold = appendMember(e.fold, fieldNames[f], strconv.FormatInt(value, 10))
		}
	default:
		e.buf = strconv.AppendInt(append(e.buf, '\t'), value, 10)
	}
}

// exception appends the text of the error and the stack below it.
func (e *encoder) exception(t *target, r *logging.Record) {
	c := t.columns[fieldException]
	if c.family != familyText || c.limit > 0 || e.refused != 0 || r.Error == "" && r.Stack == "" {
		e.text(t, fieldException, r.Exception())
		return
	}
	e.buf = appendText(append(e.buf, '\t'), r.Error, 0)
	if r.Error != "" && r.Stack != "" {
		e.buf = append(e.buf, `\n`...)
	}
	e.buf = appendText(e.buf, r.Stack, 0)
}
