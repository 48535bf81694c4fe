package logging

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/identity"
)

// Levels are the lowest levels that loggers log, by their names. A name without a level of its own has that of the longest
// name before it, up to a dot: app.db.tx has that of app.db, or of app, or at last the root's, whose name is empty.
//
// They can be changed at any time, also for a while. All methods are safe for concurrent use.
type Levels struct {
	rules atomic.Pointer[rules]

	mu     sync.Mutex // guards what follows, and changing the rules
	names  map[string]bool
	usual  map[string]zapcore.Level // as configured
	set    map[string]*setting
	closed bool
}

// setting is a level that was set while the program runs.
type setting struct {
	level zapcore.Level
	until time.Time   // zero when it has no end
	timer *time.Timer // nil when it has no end
}

// rules are all levels at one time.
type rules struct {
	root   zapcore.Level
	lowest zapcore.Level
	byName map[string]zapcore.Level // without the root
	known  identity.Cache[zapcore.Level]
}

// maxNames limits how many names of loggers are listed.
const maxNames = 4096

func newLevels(root zapcore.Level, byName map[string]zapcore.Level) *Levels {
	l := &Levels{usual: maps.Clone(byName), names: map[string]bool{}, set: map[string]*setting{}}
	if l.usual == nil {
		l.usual = map[string]zapcore.Level{}
	}
	l.usual[""] = root
	l.apply()
	return l
}

// apply makes the rules of what is configured and set. l.mu is locked, or nobody else has l.
func (l *Levels) apply() {
	r := &rules{byName: maps.Clone(l.usual)}
	for name, s := range l.set {
		r.byName[name] = s.level
	}
	r.root = r.byName[""]
	delete(r.byName, "")
	r.lowest = r.root
	for _, level := range r.byName {
		r.lowest = min(r.lowest, level)
	}
	l.rules.Store(r)
}

// Enabled reports whether the logger of a name logs a level.
func (l *Levels) Enabled(name string, level zapcore.Level) bool {
	return l.rules.Load().of(name) <= level
}

// lowest is the lowest level that any logger logs.
func (l *Levels) lowest() zapcore.Level { return l.rules.Load().lowest }

func (r *rules) of(name string) zapcore.Level {
	if len(r.byName) == 0 || name == "" {
		return r.root
	}
	if level, ok := r.known.Find(name); ok {
		return level
	}
	return r.known.Keep(name, r.find)
}

func (r *rules) find(name string) zapcore.Level {
	for name != "" {
		if level, ok := r.byName[name]; ok {
			return level
		}
		name = name[:max(strings.LastIndexByte(name, '.'), 0)]
	}
	return r.root
}

// Level returns the level that the logger of a name has.
func (l *Levels) Level(name string) zapcore.Level { return l.rules.Load().of(name) }

// Set changes the level of a name, and of all below it that have none of their own. After while it is as before; with 0
// it stays until the program ends or [Levels.Reset]. The name need not be known. A level beyond those that zap has is an error.
func (l *Levels) Set(name string, level zapcore.Level, while time.Duration) error {
	if level < zapcore.DebugLevel || level > Off {
		return fmt.Errorf("logging: level %d of %q is beyond all that there are: use %d to %d", level, name, zapcore.DebugLevel, Off)
	}
	if while < 0 {
		return fmt.Errorf("logging: the level of %q cannot be set for %v: use a positive time, or 0 for no end", name, while)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop(name)
	s := &setting{level: level}
	if while > 0 && !l.closed {
		s.until = time.Now().Add(while)
		s.timer = time.AfterFunc(while, func() { l.expire(name, s) })
	}
	l.set[name] = s
	l.apply()
	return nil
}

// expire ends a setting, unless another one took its place.
func (l *Levels) expire(name string, s *setting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.set[name] == s {
		delete(l.set, name)
		l.apply()
	}
}

// Reset gives a name its configured level again, or none of its own.
func (l *Levels) Reset(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop(name)
	delete(l.set, name)
	l.apply()
}

func (l *Levels) stop(name string) {
	if s := l.set[name]; s != nil && s.timer != nil {
		s.timer.Stop()
	}
}

// close ends all times.
func (l *Levels) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for name := range l.set {
		l.stop(name)
	}
}

// know adds the name of a logger to the list.
func (l *Levels) know(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.names) < maxNames {
		l.names[name] = true
	}
}

// LevelState is the level of a name.
type LevelState struct {
	Name  string // empty for the root
	Level zapcore.Level
	// Usual is the level that it has when nothing is set.
	Usual zapcore.Level
	Set   bool
	Until time.Time // when a level that is set ends; zero for never
}

// All returns the levels of the root, of all names that have a level of their own, and of all that a logger was made for,
// sorted by name.
func (l *Levels) All() []LevelState {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := map[string]bool{"": true}
	for _, more := range []map[string]bool{l.names, keys(l.usual), keys(l.set)} {
		maps.Copy(names, more)
	}
	usual := &rules{root: l.usual[""], byName: l.usual}
	now := l.rules.Load()
	all := make([]LevelState, 0, len(names))
	for name := range names {
		s := LevelState{Name: name, Level: now.find(name), Usual: usual.find(name)}
		if set := l.set[name]; set != nil {
			s.Set, s.Until = true, set.until
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b LevelState) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func keys[V any](m map[string]V) map[string]bool {
	set := make(map[string]bool, len(m))
	for k := range m {
		set[k] = true
	}
	return set
}

// Named returns the level of one name as a value, with the methods of a *slog.LevelVar: for an admin surface that changes
// levels and ends them itself.
func (l *Levels) Named(name string) *NamedLevel { return &NamedLevel{levels: l, name: name} }

// NamedLevel is the level of the loggers of one name. It is safe for concurrent use.
type NamedLevel struct {
	levels *Levels
	name   string
}

// Level returns the level, as slog counts.
func (n *NamedLevel) Level() slog.Level { return slogLevel(n.levels.Level(n.name)) }

// Set changes the level, without an end. What the level would be without being set is not set, but is in force again.
func (n *NamedLevel) Set(level slog.Level) {
	n.levels.Reset(n.name)
	if l := zapLevel(level); l != n.levels.Level(n.name) {
		_ = n.levels.Set(n.name, l, 0) // which has no levels that are refused
	}
}

// slogLevel returns the level of slog that is meant: slog.LevelError + 4 for CRITICAL, and more for [Off].
func slogLevel(l zapcore.Level) slog.Level {
	if l >= Off {
		return math.MaxInt32
	}
	return slog.Level(min(l, zapcore.DPanicLevel)) * (slog.LevelWarn - slog.LevelInfo)
}

// zapLevel returns the highest level of zap that is not above l; the highest is DPANIC, which is written as CRITICAL.
func zapLevel(l slog.Level) zapcore.Level {
	switch {
	case l < slog.LevelInfo:
		return zapcore.DebugLevel
	case l < slog.LevelWarn:
		return zapcore.InfoLevel
	case l < slog.LevelError:
		return zapcore.WarnLevel
	case l < slog.LevelError+4:
		return zapcore.ErrorLevel
	case l < math.MaxInt32:
		return zapcore.DPanicLevel
	}
	return Off
}
