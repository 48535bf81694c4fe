package pglog

import (
	"cmp"
	"container/list"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

const (
	maxGroups = 4096
	freshFor  = time.Minute
	maxSample = 1000
)

// group is one group of errors, as one batch has seen it.
type group struct {
	fingerprint         int64
	logger, sample      string
	level               zapcore.Level
	firstSeen, lastSeen time.Time
	firstRel, lastRel   string
}

// known is what the database is known to have of a group.
type known struct {
	fingerprint int64
	at          time.Time // when it was written
	first       time.Time // a time that first_seen is not after
	release     string
}

// groups collects the groups of a batch, and remembers which the database has seen lately. It belongs to one goroutine.
type groups struct {
	batch map[int64]*group
	known map[int64]*list.Element // of known
	order list.List               // the one used last in front
}

func newGroups() *groups {
	return &groups{batch: map[int64]*group{}, known: map[int64]*list.Element{}}
}

// see adds a record to the batch's groups.
func (g *groups) see(r *logging.Record, fingerprint int64, release string) {
	at := r.Time
	if !storable(at) {
		at = time.Now()
	}
	release = cmp.Or(r.Release, release)
	b := g.batch[fingerprint]
	if b == nil {
		g.batch[fingerprint] = &group{
			fingerprint: fingerprint, logger: r.Logger, sample: r.Message, level: r.Level,
			firstSeen: at, lastSeen: at, firstRel: release, lastRel: release,
		}
		return
	}
	if at.Before(b.firstSeen) {
		b.firstSeen, b.firstRel = at, release
	}
	if !at.Before(b.lastSeen) {
		b.lastSeen, b.lastRel, b.logger, b.sample, b.level = at, release, r.Logger, r.Message, r.Level
	}
}

// stale returns the groups that the database must be told of, in the order of their fingerprints, so that no two sinks
// wait for each other.
func (g *groups) stale(now time.Time) []*group {
	var stale []*group
	for _, b := range g.batch {
		if e := g.known[b.fingerprint]; e != nil {
			k := e.Value.(*known)
			if now.Sub(k.at) < freshFor && !b.firstSeen.Before(k.first) && b.lastRel == k.release {
				continue
			}
		}
		stale = append(stale, b)
	}
	slices.SortFunc(stale, func(a, b *group) int { return cmp.Compare(a.fingerprint, b.fingerprint) })
	return stale
}

// told notes that the database was told of groups.
func (g *groups) told(told []*group, now time.Time) {
	for _, b := range told {
		first := b.firstSeen
		if e := g.known[b.fingerprint]; e != nil {
			k := e.Value.(*known)
			if k.first.Before(first) {
				first = k.first
			}
			*k = known{b.fingerprint, now, first, b.lastRel}
			g.order.MoveToFront(e)
			continue
		}
		g.known[b.fingerprint] = g.order.PushFront(&known{b.fingerprint, now, first, b.lastRel})
		if g.order.Len() > maxGroups {
			oldest := g.order.Remove(g.order.Back()).(*known)
			delete(g.known, oldest.fingerprint)
		}
	}
}

// forget forgets what the database has: it may be another one, or its table a new one.
func (g *groups) forget() {
	clear(g.known)
	g.order.Init()
}

// upsert returns the statement that tells the database.
func (t table) upsert(groups []*group) string {
	var sql strings.Builder
	sql.WriteString("insert into " + t.quoted("_errors") + " as e (fingerprint, logger, level, sample, first_seen, last_seen, first_release, last_release) values ")
	for i, b := range groups {
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString("(" + strconv.FormatInt(b.fingerprint, 10) + ", " + strings.Join([]string{
			clean(b.logger), literal(logging.LevelName(b.level)), clean(b.sample),
			literal(string(appendTime(nil, b.firstSeen))), literal(string(appendTime(nil, b.lastSeen))), orNull(b.firstRel), orNull(b.lastRel),
		}, ", ") + ")")
	}
	sql.WriteString(` on conflict (fingerprint) do update set
	logger = case when excluded.last_seen >= e.last_seen then excluded.logger else e.logger end,
	level = case when excluded.last_seen >= e.last_seen then excluded.level else e.level end,
	sample = case when excluded.last_seen >= e.last_seen then excluded.sample else e.sample end,
	last_release = case when excluded.last_seen >= e.last_seen then excluded.last_release else e.last_release end,
	first_release = case when excluded.first_seen < e.first_seen then excluded.first_release else e.first_release end,
	last_seen = greatest(e.last_seen, excluded.last_seen), first_seen = least(e.first_seen, excluded.first_seen)`)
	return sql.String()
}

// clean returns a text that PostgreSQL stores, as it stands in SQL.
func clean(s string) string {
	return literal(strings.ReplaceAll(strings.ToValidUTF8(cut(s, maxSample), replacement), "\x00", replacement))
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return clean(s)
}
