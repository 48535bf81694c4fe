package logging

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap/zapcore"
)

// fatalSync limits how long a record above ERROR waits for the sinks: the program may end after it.
const fatalSync = 2 * time.Second

// core makes one record of each entry and gives it to all sinks that want it.
type core struct {
	logs *Logs
	base *builder // what With was called with; it never changes
}

// Enabled reports whether any logger would log the level, to any sink.
func (c *core) Enabled(level zapcore.Level) bool {
	return level >= c.logs.levels.lowest() && level >= c.logs.lowestSink()
}

// Check adds the core when the logger of this name logs the level, some sink takes it, and it is no repetition too many.
func (c *core) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.logs.levels.Enabled(ent.LoggerName, ent.Level) || ent.Level < c.logs.lowestSink() || !c.logs.repeats.allow(&ent) {
		return ce
	}
	return ce.AddCore(ent, c)
}

// With returns a core whose records have more fields.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	base := new(builder)
	base.set(c.base)
	c.logs.add(base, fields)
	return &core{logs: c.logs, base: base}
}

// Write gives the entry to the sinks.
func (c *core) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	l := c.logs
	b := l.builder()
	b.set(c.base)
	l.add(b, fields)
	ent.LoggerName, ent.Message, ent.Stack = l.redactor.Message(ent.LoggerName), l.redactor.Message(ent.Message), l.redactor.Text(ent.Stack)
	b.finish(&ent)
	err := l.write(&b.rec)
	l.put(b)
	if ent.Level > zapcore.ErrorLevel {
		ctx, cancel := context.WithTimeout(context.Background(), fatalSync)
		defer cancel()
		err = errors.Join(err, l.Sync(ctx))
	}
	return err
}

// Sync makes durable what was logged.
func (c *core) Sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), fatalSync)
	defer cancel()
	return c.logs.Sync(ctx)
}

// add adds fields to a record in the making; those of contexts are made into members once, at their first record.
func (l *Logs) add(b *builder, fields []zapcore.Field) {
	begin := 0
	for i := range fields {
		if s := scopeOf(&fields[i]); s != nil {
			l.addPlain(b, fields[begin:i])
			b.merge(l.prepared(s))
			begin = i + 1
		}
	}
	l.addPlain(b, fields[begin:])
}

// addPlain adds fields that are none of contexts, without their secrets.
func (l *Logs) addPlain(b *builder, fields []zapcore.Field) {
	if len(fields) == 0 {
		return
	}
	shown := l.redactor.Redact(fields)
	b.add(shown.Fields)
	shown.Free()
}

// prepared returns what a context's fields give.
func (l *Logs) prepared(s *scope) *builder {
	if p := s.prepared.Load(); p != nil && p.by == l {
		return &p.builder
	}
	p := &prepared{by: l}
	l.addPlain(&p.builder, s.fields)
	p.builder.open.close()
	s.prepared.Store(p)
	return &p.builder
}
