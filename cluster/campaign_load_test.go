package cluster_test

import (
	"context"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// traffic writes and reads at a pace at which several trios fit on one machine. With sessions, each writer reads what it wrote.
func (x *trio) traffic(c *cluster.Cluster, writers, readers int, sessions bool) *load {
	l := &load{readBy: map[int]int{}}
	x.more(l, c, writers, readers, sessions)
	x.Cleanup(func() { l.end() })
	return l
}

// more adds writers and readers to a load.
func (x *trio) more(l *load, c *cluster.Cluster, writers, readers int, sessions bool) {
	ctx, cancel := context.WithCancel(context.Background())
	stop := l.stop
	l.stop = func() {
		cancel()
		if stop != nil {
			stop()
		}
	}
	for range writers {
		l.runs.Go(func() {
			session := context.Background()
			if sessions {
				session = cluster.WithSession(session, new(cluster.Session))
			}
			for ctx.Err() == nil {
				if id, ok := l.one(session, c); ok && sessions {
					l.see(session, c, id)
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	for range readers {
		l.runs.Go(func() {
			for ctx.Err() == nil {
				l.read(context.Background(), c, 1)
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
}

// see reads what a session has just written.
func (l *load) see(ctx context.Context, c *cluster.Cluster, id int64) {
	if n, ok := l.read(ctx, c, id); ok && n == 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.stale++
	}
}

// read reads whether an id is there, and keeps who said so.
func (l *load) read(ctx context.Context, c *cluster.Cluster, id int64) (n int, ok bool) {
	var port int
	err := c.Reader().QueryRow(ctx, "select count(*), inet_server_port() from written where id = $1", id).Scan(&n, &port)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if err != nil {
		l.readErrors = append(l.readErrors, err)
		return 0, false
	}
	l.readBy[port]++
	return n, true
}

// underWay returns how many writes nobody has heard of yet.
func (l *load) underWay() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.next) - len(l.acked) - len(l.failed) - len(l.unknown)
}

// readsOf returns how many reads a server has answered.
func (l *load) readsOf(port int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readBy[port]
}

// refusals returns how many writes have failed for sure.
func (l *load) refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.failed)
}

// firstBy returns when a server first acknowledged what came through the cluster.
func (l *load) firstBy(port int) (first time.Time) {
	for _, a := range l.acked {
		if a.port == port && !a.direct && (first.IsZero() || a.came.Before(first)) {
			first = a.came
		}
	}
	return first
}
