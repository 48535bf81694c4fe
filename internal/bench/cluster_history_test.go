package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// createWritten makes the table that all clients write to, and insertWritten is how they do.
const (
	createWritten = "create table if not exists written (client text, id bigint, port int, primary key (client, id))"
	insertWritten = "insert into written values ($1, $2, inet_server_port()) returning port"
)

// outcome is what a client was told about a write.
type outcome uint8

const (
	acknowledged outcome = iota
	failed               // it was certainly not executed
	unknown              // nobody knows
)

// writing is the writers of one client, and what they were told.
type writing struct {
	name string
	stop context.CancelFunc
	runs sync.WaitGroup

	mu    sync.Mutex // guards what follows
	next  int64
	acked []time.Time // when each acknowledgement came
	ids   [unknown + 1][]int64
	errs  map[string]int
}

// startWriting starts so many writers, each of which writes a row with a number of its own, up to deadline, one after the other.
func startWriting(t *testing.T, name string, writers int, deadline time.Duration, write func(ctx context.Context, name string, id int64) (outcome, error)) *writing {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &writing{name: name, stop: cancel, errs: map[string]int{}}
	t.Cleanup(w.end)
	for range writers {
		w.runs.Go(func() {
			for ctx.Err() == nil {
				w.mu.Lock()
				w.next++
				id := w.next
				w.mu.Unlock()
				limit, cancel := context.WithTimeout(context.Background(), deadline)
				o, err := write(limit, name, id)
				cancel()
				w.mu.Lock()
				if o == acknowledged {
					w.acked = append(w.acked, time.Now())
				} else {
					w.errs[fmt.Sprintf("%.100s", strings.ReplaceAll(err.Error(), "\n", " "))]++
				}
				w.ids[o] = append(w.ids[o], id)
				w.mu.Unlock()
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	return w
}

// end stops the writers. It may be called more than once.
func (w *writing) end() {
	w.stop()
	w.runs.Wait()
}

// since returns how many acknowledgements came after a time.
func (w *writing) since(at time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range slices.Backward(w.acked) {
		if a.Before(at) {
			break
		}
		n++
	}
	return n
}

// waitFor waits until so many acknowledgements have come after a time, and says whether they have.
func (w *writing) waitFor(n int, at time.Time, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); w.since(at) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// gap returns the longest time without an acknowledgement between two times, and when it ended.
func (w *writing) gap(from, to time.Time) (longest time.Duration, ended time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := from
	for _, a := range append(slices.Clone(w.acked), to) {
		if a.Before(from) || a.After(to) {
			continue
		}
		if a.Sub(last) > longest {
			longest, ended = a.Sub(last), a
		}
		last = a
	}
	return longest, ended
}

// fate is what became of the writes of one client in one round.
type fate struct {
	gap, after             time.Duration // without an acknowledgement: at all, and after the new primary took writes
	acked, failed, unknown int
	lost, wrong            int // acknowledged and not there, failed and there
	never                  bool
	failures               map[string]int
	returned               time.Duration // the longest time without an acknowledgement after the old primary came back
	returnedAcked          int           // how many there were then
}

// settle compares what was told with what is there in the end.
func (w *writing) settle(t *testing.T, url string) (f fate) {
	t.Helper()
	w.end()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), "select id from written where client = $1", w.name)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	there := map[int64]bool{}
	for _, id := range ids {
		there[id] = true
	}
	for _, id := range w.ids[acknowledged] {
		if !there[id] {
			f.lost++
		}
	}
	for _, id := range w.ids[failed] {
		if there[id] {
			f.wrong++
		}
	}
	f.acked, f.failed, f.unknown, f.failures = len(w.ids[acknowledged]), len(w.ids[failed]), len(w.ids[unknown]), w.errs
	return f
}

// writeCluster writes through a cluster.
func writeCluster(c *cluster.Cluster) func(context.Context, string, int64) (outcome, error) {
	return func(ctx context.Context, name string, id int64) (outcome, error) {
		var port int
		err := c.Writer().QueryRow(ctx, insertWritten, name, id).Scan(&port)
		switch {
		case err == nil:
			return acknowledged, nil
		case errors.Is(err, cluster.ErrOutcomeUnknown):
			return unknown, err
		}
		return failed, err
	}
}

// writePool writes through a pool, whose errors do not say what became of a write: one before a connection was had, one of which
// pgx says that nothing was sent, and one that the server itself told without ending are failures for sure.
func writePool(p *pgxpool.Pool) func(context.Context, string, int64) (outcome, error) {
	return func(ctx context.Context, name string, id int64) (outcome, error) {
		conn, err := p.Acquire(ctx)
		if err != nil {
			return failed, err
		}
		defer conn.Release()
		var port int
		err = conn.QueryRow(ctx, insertWritten, name, id).Scan(&port)
		if err == nil {
			return acknowledged, nil
		}
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Severity == "ERROR" || pgconn.SafeToRetry(err) {
			return failed, err
		}
		return unknown, err
	}
}

// percentile returns the nearest rank.
func percentile[T ~int | ~int64](p float64, values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(int(math.Ceil(p*float64(len(sorted))))-1, 0)]
}

// logFates logs the figures of all rounds of one client.
func logFates(t *testing.T, what string, fates []fate) {
	t.Helper()
	if len(fates) == 0 {
		return
	}
	var gaps, after []time.Duration
	var failures, unknowns []int
	var sum fate
	never := 0
	errs := map[string]int{}
	for _, f := range fates {
		gaps, after = append(gaps, f.gap), append(after, f.after)
		failures, unknowns = append(failures, f.failed), append(unknowns, f.unknown)
		sum.acked, sum.failed, sum.unknown, sum.lost, sum.wrong = sum.acked+f.acked, sum.failed+f.failed, sum.unknown+f.unknown, sum.lost+f.lost, sum.wrong+f.wrong
		if f.never {
			never++
		}
		for e, n := range f.failures {
			errs[e] += n
		}
	}
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	t.Logf("%s: %d rounds, gap p50 %v p95 %v max %v, after the new primary took writes p50 %v p95 %v max %v, never again in time %d; acknowledged %d, lost %d; failed %d (p50 %d, max %d a round), of them there %d; unknown %d (p50 %d, max %d)",
		what, len(fates), ms(percentile(0.5, gaps)), ms(percentile(0.95, gaps)), ms(slices.Max(gaps)),
		ms(percentile(0.5, after)), ms(percentile(0.95, after)), ms(slices.Max(after)), never,
		sum.acked, sum.lost, sum.failed, percentile(0.5, failures), slices.Max(failures), sum.wrong, sum.unknown, percentile(0.5, unknowns), slices.Max(unknowns))
	for e, n := range errs {
		t.Logf("%s: %6d times: %s", what, n, e)
	}
}
