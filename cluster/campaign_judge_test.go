package cluster_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// verdict is what a history says when it is compared with what is there in the end.
type verdict struct {
	acked, failed, unknown           int
	lost, there, overlaps, stale     int // acknowledged and missing, failed and present, by an old primary after the new one, reads of sessions
	reads, readsFailed               int
	gap                              time.Duration
	accepted, acknowledged, firstAck time.Time
}

// wrong names what must never be.
func (v verdict) wrong() string {
	var all []string
	for _, w := range []struct {
		n    int
		what string
	}{{v.lost, "acknowledged and missing"}, {v.there, "failed and present"}, {v.overlaps, "by an old primary after the new one"}, {v.stale, "stale in a session"}} {
		if w.n > 0 {
			all = append(all, fmt.Sprint(w.n, " ", w.what))
		}
	}
	return strings.Join(all, ", ")
}

func (v verdict) String() string {
	return fmt.Sprintf("%d acknowledged, %d failed, %d unknown, %d lost, %d failed but there, %d by an old one after the new; %d reads, %d failed, %d stale; longest gap %v",
		v.acked, v.failed, v.unknown, v.lost, v.there, v.overlaps, v.reads, v.readsFailed, v.stale, v.gap.Round(time.Millisecond))
}

// judge ends the load and compares its history with what one server has.
func (x *trio) judge(l *load, last int) verdict {
	x.Helper()
	l.end()
	ctx, cancel := context.WithTimeout(x.Context(), 2*hang)
	defer cancel()
	conn, err := pgx.Connect(ctx, x.servers[last].URL("postgres"))
	require.NoError(x, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(ctx, "select id from written")
	require.NoError(x, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(x, err)
	there := map[int64]bool{}
	for _, id := range ids {
		there[id] = true
	}
	v := verdict{
		acked: len(l.acked), failed: len(l.failed), unknown: len(l.unknown), stale: l.stale, reads: l.reads, readsFailed: len(l.readErrors),
		gap: l.gap(), overlaps: overlaps(l.acked),
	}
	for _, a := range l.acked {
		if !there[a.id] {
			if v.lost++; v.lost <= 5 {
				x.Logf("lost: %d, sent at %s, acknowledged by port %d at %s", a.id, a.sent.Format(stamp), a.port, a.came.Format(stamp))
			}
		}
	}
	for _, id := range l.silent {
		if !there[id] {
			v.lost++
		}
	}
	for _, id := range l.failed {
		if there[id] {
			v.there++
		}
	}
	return v
}

// overlaps returns how many writes were sent to a primary, and acknowledged on its timeline, after one was acknowledged on a later one;
// and how many two servers have acknowledged on the same one.
func overlaps(acked []ack) (n int) {
	first := map[uint32]ack{}
	for _, a := range acked {
		if f, ok := first[a.timeline]; !ok || a.came.Before(f.came) {
			first[a.timeline] = a
		}
	}
	for _, a := range acked {
		for timeline, f := range first {
			if timeline > a.timeline && a.sent.After(f.came) || timeline == a.timeline && f.port != a.port {
				n++
				break
			}
		}
	}
	return n
}

// quantile returns that of durations, 0 of none.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(math.Ceil(q*float64(len(sorted))))-1)]
}
