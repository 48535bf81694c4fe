package logging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// Logs are the loggers of a program and their sinks. Use [New]. They are safe for concurrent use.
type Logs struct {
	levels   *Levels
	redactor *redact.Redactor
	repeats  *repeats
	sinks    []Sink
	root     *zap.Logger
	core     *core
	caller   bool

	builders sync.Pool // of *builder
	spaces   sync.Pool // of *fieldSpace
	foreign  bool      // there are cores of others
	fallback *fallback
	written  [5]atomic.Uint64 // by level, DEBUG first
	failed   atomic.Uint64

	close  sync.Once
	closed error
	stop   context.CancelFunc // of what runs
	runs   sync.WaitGroup
}

// New opens the sinks and returns their logs. Nothing global is touched: neither zap's nor slog's default logger. Its errors
// are those of [Config.Validate] and of files that cannot be opened; then nothing stays open.
//
// Call [Logs.Close] at the end.
func New(c Config) (*Logs, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("logging: invalid configuration:\n%w", err)
	}
	c = c.withDefaults()
	l := &Logs{caller: c.Caller.on(), fallback: newFallback(c.Fallback)}
	l.redactor, _ = redact.New(c.Redact) // which Validate did
	l.builders.New = func() any { return new(builder) }
	l.spaces.New = func() any { return new(fieldSpace) }
	l.foreign = len(c.Cores) > 0
	byName := map[string]zapcore.Level{}
	for name, level := range c.Levels {
		byName[name], _ = ParseLevel(level) // which Validate did
	}
	root, _ := ParseLevel(c.Level)
	l.levels = newLevels(root, byName)
	if err := l.open(c); err != nil {
		return nil, err
	}
	base := new(builder)
	base.rec.Release = c.Release
	l.core = &core{logs: l, base: base}
	l.root = l.logger(c.Cores)
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	if l.repeats = newRepeats(c.Repeat, l.tell); l.repeats != nil {
		l.runs.Go(func() { l.repeats.run(ctx) })
	}
	return l, nil
}

// open makes the sinks, or none.
func (l *Logs) open(c Config) error {
	if level, _ := ParseLevel(c.Console.Level); c.Console.Enabled.on() && level != Off {
		w := c.Console.Writer
		if w == nil {
			w = os.Stderr
		}
		l.sinks = append(l.sinks, Lines(console{w}, level, !c.Console.Structured))
	}
	var opened []Sink
	for _, f := range c.files() {
		s, err := f.open()
		if err != nil {
			for _, o := range opened {
				_ = closeSink(context.Background(), o) // nothing was written
			}
			return err
		}
		opened = append(opened, s)
	}
	l.sinks = append(append(l.sinks, opened...), c.Sinks...)
	return nil
}

// logger returns the logger without a name.
func (l *Logs) logger(more []zapcore.Core) *zap.Logger {
	all := []zapcore.Core{l.core}
	for _, c := range more {
		all = append(all, &leveled{Core: l.redactor.Core(c), levels: l.levels})
	}
	return zap.New(zapcore.NewTee(all...), zap.WithCaller(l.caller), zap.AddStacktrace(zapcore.ErrorLevel), zap.ErrorOutput(l.fallback))
}

// Logger returns the logger without a name. Use [Logs.Named] for parts of a program.
func (l *Logs) Logger() *zap.Logger { return l.root }

// Named returns a logger with a name, whose parts are separated by dots: app.users. Its level can be set by that name.
func (l *Logs) Named(name string) *zap.Logger {
	l.levels.know(name)
	return l.root.Named(name)
}

// Handler returns a handler of slog for the logger of a name, or for the one without.
func (l *Logs) Handler(name string) slog.Handler {
	if name != "" {
		l.levels.know(name)
	}
	return &handler{logs: l, core: l.root.Core(), name: name}
}

// Slog returns a logger of slog with a name, as [Logs.Named] does.
func (l *Logs) Slog(name string) *slog.Logger { return slog.New(l.Handler(name)) }

// Levels returns the levels of the loggers.
func (l *Logs) Levels() *Levels { return l.levels }

// lowestSink is the lowest level that any sink takes.
func (l *Logs) lowestSink() zapcore.Level {
	lowest := Off
	for _, s := range l.sinks {
		lowest = min(lowest, s.Level())
	}
	return lowest
}

// builder returns one to make a record with.
func (l *Logs) builder() *builder {
	return l.builders.Get().(*builder) //nolint:forcetypeassert // nothing else is in it
}

// put gives a builder back, unless its memory is too much to keep.
func (l *Logs) put(b *builder) {
	const most = 64 << 10
	if cap(b.root.buf)+cap(b.open.buf)+cap(b.rec.line)+cap(b.rec.text) <= most {
		l.builders.Put(b)
	}
}

// write gives a record to the sinks. One that none took goes to the fallback.
func (l *Logs) write(r *Record) error {
	var errs []error
	taken := false
	for _, s := range l.sinks {
		if r.Level < s.Level() {
			continue
		}
		if err := s.Write(r); err != nil {
			errs = append(errs, err)
			continue
		}
		taken = true
	}
	if taken {
		l.written[levelIndex(r.Level)].Add(1)
	} else if len(errs) > 0 {
		l.failed.Add(1)
		l.fallback.line(r.lineOf(false))
	}
	return errors.Join(errs...)
}

// tell writes a record of the logs themselves.
func (l *Logs) tell(ent zapcore.Entry, fields []zapcore.Field) {
	_ = l.core.Write(ent, fields) // whose errors the fallback tells
}

// Sync makes durable what was logged, in all sinks, before ctx is done.
func (l *Logs) Sync(ctx context.Context) error {
	var errs []error
	for _, s := range l.sinks {
		errs = append(errs, s.Sync(ctx))
	}
	return wrap("sync", errors.Join(errs...))
}

// Close reports what was held back, brings all that was logged to where it belongs until ctx is done, and closes the sinks.
// What is logged later goes to [Config].Fallback. Further calls return what the first one did.
func (l *Logs) Close(ctx context.Context) error {
	l.close.Do(func() {
		l.stop()
		l.runs.Wait()
		l.levels.close()
		var errs []error
		for _, s := range l.sinks {
			errs = append(errs, s.Sync(ctx), closeSink(ctx, s))
		}
		l.closed = wrap("close", errors.Join(errs...))
	})
	return l.closed
}

func closeSink(ctx context.Context, s Sink) error {
	if c, ok := s.(Closer); ok {
		return c.Close(ctx)
	}
	return nil
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("logging: %s: %w", doing, err)
}

// Stats are counts since [New].
type Stats struct {
	// Written are records that at least one sink took, by level.
	Debug, Info, Warning, Error, Critical uint64
	// Failed are records that every sink refused; they were written to the fallback.
	Failed uint64
	// Suppressed are repetitions that were held back.
	Suppressed uint64
}

// Stats returns the counts.
func (l *Logs) Stats() Stats {
	w := &l.written
	return Stats{
		Debug: w[0].Load(), Info: w[1].Load(), Warning: w[2].Load(), Error: w[3].Load(), Critical: w[4].Load(),
		Failed: l.failed.Load(), Suppressed: l.repeats.total(),
	}
}

// levelIndex counts from DEBUG to CRITICAL.
func levelIndex(level zapcore.Level) int {
	return int(min(max(level, zapcore.DebugLevel), zapcore.DPanicLevel) - zapcore.DebugLevel)
}

// leveled is a core of others whose entries pass the levels of the loggers first.
type leveled struct {
	zapcore.Core

	levels *Levels
}

func (c *leveled) Enabled(level zapcore.Level) bool {
	return level >= c.levels.lowest() && c.Core.Enabled(level)
}

func (c *leveled) With(fields []zapcore.Field) zapcore.Core {
	return &leveled{Core: c.Core.With(fields), levels: c.levels}
}

func (c *leveled) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.levels.Enabled(ent.LoggerName, ent.Level) {
		return ce
	}
	return c.Core.Check(ent, ce)
}

// fallback is written to when nothing else works. Lines go through as they are, messages of zap at most once a second.
type fallback struct {
	w io.Writer

	mu      sync.Mutex // held while something is written
	last    time.Time
	skipped uint64
}

func newFallback(w io.Writer) *fallback {
	if w == nil {
		w = os.Stderr
	}
	return &fallback{w: w}
}

// line writes a record.
func (f *fallback) line(line []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = f.w.Write(line) // there is no other place
}

// Write writes a message about an error, unless there was one within the last second.
func (f *fallback) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.last) < time.Second {
		f.skipped++
		return len(p), nil
	}
	if f.skipped > 0 {
		_, _ = fmt.Fprintf(f.w, "logging: %d more errors like this one:\n", f.skipped)
	}
	f.last, f.skipped = now, 0
	return f.w.Write(p)
}

// Sync is for zap.
func (f *fallback) Sync() error { return nil }
