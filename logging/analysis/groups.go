package analysis

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// TopErrors implements [Analyzer].
func (rs Records) TopErrors(ctx context.Context, q Query) iter.Seq2[Group, error] {
	return rs.groups(ctx, q, func(Query, *Group) bool { return true }, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID.Int64(), b.ID.Int64()))
	})
}

// NewErrors implements [Analyzer].
func (rs Records) NewErrors(ctx context.Context, q Query) iter.Seq2[Group, error] {
	release := q.Release
	q.Release = ""
	return rs.groups(ctx, q, func(q Query, g *Group) bool {
		return q.Covers(g.FirstSeen) && (release == "" || g.FirstRelease == release)
	}, func(a, b Group) int {
		return cmp.Or(b.FirstSeen.Compare(a.FirstSeen), cmp.Compare(a.ID.Int64(), b.ID.Int64()))
	})
}

// tally is a group while it is counted.
type tally struct {
	Group
	users set
}

// groups yields the groups of a query that are wanted, in order. It reads all errors, since the first may be older than the query.
func (rs Records) groups(ctx context.Context, q Query, wanted func(Query, *Group) bool, order func(a, b Group) int) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		q, err := q.Complete(time.Now(), DefaultGroups)
		if err != nil {
			yield(Group{}, err)
			return
		}
		tallies := map[fingerprint.ID]*tally{}
		for r, err := range rs.errors(ctx, time.Time{}) {
			if err != nil {
				yield(Group{}, err)
				return
			}
			id := GroupOf(&r)
			t := tallies[id]
			if t == nil {
				t = &tally{Group{ID: id, FirstSeen: r.Time, FirstRelease: r.Release}, set{}}
				tallies[id] = t
			}
			t.see(&r, q.matches(&r))
		}
		var groups []Group
		for _, t := range tallies {
			t.Users = int64(len(t.users))
			if t.Count > 0 && wanted(q, &t.Group) {
				groups = append(groups, t.Group)
			}
		}
		slices.SortFunc(groups, order)
		for i, g := range groups {
			if q.Limit >= 0 && i >= q.Limit || !yield(g, nil) {
				return
			}
		}
	}
}

// see adds an error, which is counted if it matches the query.
func (t *tally) see(r *logging.Record, counts bool) {
	if r.Time.Before(t.FirstSeen) {
		t.FirstSeen, t.FirstRelease = r.Time, r.Release
	}
	if !counts {
		return
	}
	t.Count++
	t.users.add(r.UserID)
	if !r.Time.Before(t.LastSeen) {
		t.LastSeen, t.LastRelease = r.Time, r.Release
		t.Level, t.Logger, t.Message = logging.LevelName(r.Level), r.Logger, r.Message
	}
}
