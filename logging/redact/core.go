package redact

import (
	"errors"
	"strings"

	"go.uber.org/zap/zapcore"
)

// Core returns a core that hides secrets and hands everything on to inner: fields, the message, the stack and the name of the
// logger, in With as in Write, so that inner never sees a secret. What is logged is inner's decision: it is asked for each
// entry, and so are the cores that it consists of.
//
// An error that inner returns for an entry that it had agreed to is reported as a text.
func (r *Redactor) Core(inner zapcore.Core) zapcore.Core {
	if r.off {
		return inner
	}
	return &core{inner: inner, r: r}
}

type core struct {
	inner zapcore.Core
	r     *Redactor
}

var _ zapcore.Core = (*core)(nil)

// Enabled says what inner says.
func (c *core) Enabled(l zapcore.Level) bool { return c.inner.Enabled(l) }

// Level returns the lowest level that inner has.
func (c *core) Level() zapcore.Level { return zapcore.LevelOf(c.inner) }

// Sync calls that of inner.
func (c *core) Sync() error { return c.inner.Sync() }

// With hands on fields without secrets.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	b := c.r.redact(fields, false, mode{})
	return &core{inner: c.inner.With(b.Fields), r: c.r}
}

// Check asks inner, which adds those of its cores that take the entry to a list of their own: they get it when it is written,
// without secrets.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	agreed := c.inner.Check(entry, nil)
	if agreed == nil {
		return checked
	}
	return checked.AddCore(entry, &agreement{core: c, agreed: agreed})
}

// Write hands on an entry without secrets.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	b := c.r.redact(fields, false, mode{})
	return c.inner.Write(c.r.entry(entry), b.Fields)
}

// entry returns an entry without secrets.
func (r *Redactor) entry(e zapcore.Entry) zapcore.Entry {
	e.Message = r.Text(e.Message)
	e.Stack = r.Text(e.Stack)
	e.LoggerName = r.Text(e.LoggerName)
	return e
}

// agreement is the core of one entry, for those that have agreed to take it.
type agreement struct {
	*core

	agreed *zapcore.CheckedEntry
}

// Write hands on an entry without secrets to those that have agreed to take it.
func (a *agreement) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	b := a.r.redact(fields, false, mode{})
	var failures failures
	a.agreed.Entry = a.r.entry(entry)
	a.agreed.ErrorOutput = &failures
	a.agreed.Write(b.Fields...)
	if failures.text == "" {
		return nil
	}
	return errors.New(failures.text)
}

// failures is where the errors of cores are written to.
type failures struct{ text string }

// Write takes a line such as "<time> write error: <error>".
func (f *failures) Write(line []byte) (int, error) {
	_, text, found := strings.Cut(string(line), " write error: ")
	if !found {
		text = string(line)
	}
	f.text = strings.TrimSuffix(text, "\n")
	return len(line), nil
}

// Sync does nothing.
func (*failures) Sync() error { return nil }
