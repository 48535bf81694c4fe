package analysis

import (
	"slices"

	"github.com/prodwright/prodwright/logging"
)

// sorted keeps the first records in an order of time, at most limit, or all if that is negative. Of those with the same time
// the order is the one in which they came.
type sorted struct {
	limit, order int
	list         []logging.Record
}

func (s *sorted) add(r logging.Record) {
	const spare = 1000 // sorting each time would be slow
	s.list = append(s.list, r)
	if s.limit >= 0 && len(s.list) > 2*s.limit+spare {
		s.cut()
	}
}

// all returns them. Nothing can be added any more.
func (s *sorted) all() []logging.Record {
	s.cut()
	if s.order < 0 {
		slices.Reverse(s.list)
	}
	return s.list
}

// cut leaves what may be among the first: with a negative order those at the end of time.
func (s *sorted) cut() {
	slices.SortStableFunc(s.list, func(a, b logging.Record) int { return a.Time.Compare(b.Time) })
	if s.limit < 0 || len(s.list) <= s.limit {
		return
	}
	if s.order > 0 {
		clear(s.list[s.limit:])
		s.list = s.list[:s.limit]
		return
	}
	n := copy(s.list, s.list[len(s.list)-s.limit:])
	clear(s.list[n:])
	s.list = s.list[:n]
}
