package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
)

// history is what became of writes.
type history struct {
	stop context.CancelFunc
	runs sync.WaitGroup

	mu    sync.Mutex // guards what follows
	next  int64
	acked map[int64]time.Time
	result
}

// load writes until it is ended.
func load(ctx context.Context, c *cluster.Cluster) *history {
	ctx, cancel := context.WithCancel(ctx)
	l := &history{stop: cancel, acked: map[int64]time.Time{}}
	for range 4 {
		l.runs.Go(func() {
			for ctx.Err() == nil {
				l.mu.Lock()
				l.next++
				id := l.next
				l.mu.Unlock()
				_, err := c.Writer().Exec(context.WithoutCancel(ctx), "insert into orders values ($1)", id)
				l.mu.Lock()
				switch {
				case err == nil:
					l.acked[id] = time.Now()
				case errors.Is(err, cluster.ErrOutcomeUnknown):
					l.Unknown++
				default:
					l.Failed++
				}
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *history) end() {
	l.stop()
	l.runs.Wait()
}

// firstAfter returns how long after the fault the first write was acknowledged by the new primary: after the longest gap.
func (l *history) firstAfter(fault time.Time) time.Duration {
	times := make([]time.Time, 0, len(l.acked))
	for _, at := range l.acked {
		times = append(times, at)
	}
	slices.SortFunc(times, time.Time.Compare)
	var after time.Time
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap > l.gap {
			l.gap, after = gap, times[i]
		}
	}
	return after.Sub(fault)
}

// compare looks for what was acknowledged.
func (l *history) compare(ctx context.Context, c *cluster.Cluster, r result) result {
	r.Acknowledged, r.Failed, r.Unknown, r.gap, r.Lost = len(l.acked), l.Failed, l.Unknown, l.gap, len(l.acked)
	rows, err := c.Writer().Query(ctx, "select id from orders")
	if err != nil {
		return r
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return r
	}
	for _, id := range ids {
		if _, ok := l.acked[id]; ok {
			r.Lost--
		}
	}
	return r
}
