package pglog_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

const (
	campaignWriters = 10
	campaignBurst   = 10
	campaignPause   = 20 * time.Millisecond // 5 000 lines a second
	campaignPhases  = 16
)

// traffic is lines at a steady pace, some of which the database refuses.
type traffic struct {
	number atomic.Int64
	phase  atomic.Int64
	names  []string
	began  []time.Time
	took   [campaignWriters][campaignPhases]latencies
	failed atomic.Int64
	done   chan struct{}
	all    sync.WaitGroup
}

// poisonous reports whether the line of a number is one that the owner's rules refuse, and dirty whether it has what
// PostgreSQL does not store.
func poisonous(n int) bool { return n%1000 == 500 }
func dirty(n int) bool     { return n%1000 == 100 }

func campaignRecord(n int) *logging.Record {
	r := numbered(n, zapcore.InfoLevel)
	switch {
	case poisonous(n) && n%2000 == 500:
		r.Message = "forbidden"
	case poisonous(n):
		r.Message = "raise"
	case dirty(n):
		r.Message = "zero \x00 and \xff\xfe"
		r.Extra = fmt.Appendf(r.Extra, `,"dirty":"\u0000 \ud800"`)
	case n%100 == 0:
		r.Level = zapcore.ErrorLevel
	}
	return r
}

func drive(s *pglog.Sink) *traffic {
	tr := &traffic{done: make(chan struct{})}
	tr.begin("before")
	for w := range campaignWriters {
		tr.all.Go(func() {
			for next := time.Now(); ; {
				select {
				case <-tr.done:
					return
				default:
				}
				took := &tr.took[w][tr.phase.Load()]
				for range campaignBurst {
					r := campaignRecord(int(tr.number.Add(1) - 1))
					start := time.Now()
					err := s.Write(r)
					took.add(time.Since(start))
					if err != nil {
						tr.failed.Add(1)
					}
				}
				next = next.Add(campaignPause)
				time.Sleep(time.Until(next))
			}
		})
	}
	return tr
}

// begin begins a phase, whose times are counted apart.
func (tr *traffic) begin(name string) {
	tr.names, tr.began = append(tr.names, name), append(tr.began, time.Now())
	tr.phase.Store(int64(len(tr.names) - 1))
}

func (tr *traffic) stop() int {
	close(tr.done)
	tr.all.Wait()
	tr.began = append(tr.began, time.Now())
	return int(tr.number.Load())
}

// times returns those of a phase.
func (tr *traffic) times(phase int) (l latencies) {
	for w := range tr.took {
		l.merge(&tr.took[w][phase])
	}
	return l
}

// heap returns what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// watchHeap collects the heap every two seconds.
func watchHeap(ctx context.Context, note func(heap int64)) (samples func() []int64) {
	var all []int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			h := heap()
			note(h)
			all = append(all, h)
			select {
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
		}
	}()
	return func() []int64 {
		<-ended
		return all
	}
}

func median(all []int64) int64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// TestCampaignOutage is the long form: the server is killed twice and away for a minute each time, and hangs for half of
// one, under 5 000 lines a second of which one in a thousand is refused by the owner's rules. Each line is stored once, each
// refused one is a dead letter once, callers do not wait, and memory stays within the bounds of the configuration.
func TestCampaignOutage(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN to run it: it takes minutes")
	}
	srv := server(t)
	url := srv.URL("postgres")
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, rules)
	dir := t.TempDir()
	var told complaints
	s := open(t, url, pglog.Config{SpillDir: dir, BatchInterval: time.Second, RetryMax: 2 * time.Second, SendTimeout: 5 * time.Second, OnError: told.add})
	tr := drive(s)
	time.Sleep(10 * time.Second)
	watching, enough := context.WithCancel(t.Context())
	defer enough()
	samples := watchHeap(watching, func(h int64) { t.Logf("heap %.1f MiB in phase %d", mib(h), tr.phase.Load()) })
	away, hangs := time.Minute, 30*time.Second
	for range 2 {
		tr.begin("killed")
		require.NoError(t, srv.Kill())
		time.Sleep(away)
		t.Logf("after the outage: %d KiB on disk, %d queued", s.Stats().SpillBytes>>10, s.Stats().Queued)
		tr.begin("replay")
		require.NoError(t, srv.Start(t.Context()))
		start := time.Now()
		eventually(t, "the spill is empty", func() bool { return s.Stats().SpillFiles == 0 })
		t.Logf("replayed in %v", time.Since(start).Round(time.Millisecond))
	}
	tr.begin("hangs")
	require.NoError(t, srv.Hang())
	time.Sleep(hangs)
	tr.begin("after")
	require.NoError(t, srv.Continue())
	time.Sleep(10 * time.Second)
	enough()
	memory := samples()
	n := tr.stop()
	eventually(t, "all is stored", func() bool { st := s.Stats(); return st.SpillFiles == 0 && st.Queued == 0 })
	closed(t, s)
	st := s.Stats()
	t.Logf("%+v", st)

	require.Zero(t, tr.failed.Load())
	require.Zero(t, st.Dropped+st.Corrupt+st.Torn)
	require.Equal(t, int64(n), st.Accepted)
	onceButPoison(t, url, n, dir, st)

	for phase, name := range tr.names {
		l, lasted := tr.times(phase), tr.began[phase+1].Sub(tr.began[phase])
		t.Logf("%-7s %8v %6.0f lines/s  p50 %v p99 %v p99.9 %v max %v", name, lasted.Round(time.Millisecond), float64(l.count())/lasted.Seconds(),
			l.quantile(0.5), l.quantile(0.99), l.quantile(0.999), l.quantile(1-1e-12))
		if l.count() >= 10_000 {
			require.LessOrEqual(t, l.quantile(0.99), 10*time.Microsecond, "p99 of callers while: %s", name)
		}
	}
	require.GreaterOrEqual(t, float64(n)/tr.began[len(tr.names)].Sub(tr.began[0]).Seconds(), 4950.0, "lines a second")

	// All that waits lies on disk: what is in memory, with what its readers and senders need, is less than the queue alone may hold.
	third := len(memory) / 3
	first, last, most := median(memory[:third]), median(memory[len(memory)-third:]), slices.Max(memory)
	t.Logf("heap after a collection, %d samples: first third %.1f MiB, last third %.1f MiB, at most %.1f MiB", len(memory), mib(first), mib(last), mib(most))
	require.LessOrEqual(t, last, first+pglog.DefaultBatchBytes, "the heap grows by more than a batch")
	require.LessOrEqual(t, most, memory[0]+pglog.DefaultQueueBytes, "the heap is not bounded")
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// onceButPoison requires that each line below n is stored once, but for the poisonous ones, each of which is a dead letter once.
func onceButPoison(t *testing.T, url string, n int, dir string, st pglog.Stats) {
	t.Helper()
	bad := 0
	for i := range n {
		if poisonous(i) {
			bad++
		}
	}
	require.Equal(t, int64(n-bad), query[int64](t, url, "select count(*) from application_logs"), "rows")
	require.Equal(t, int64(n-bad), query[int64](t, url, fmt.Sprintf(`select count(distinct (extra_data->>'n')::int) from application_logs
		where (extra_data->>'n')::int between 0 and %d and (extra_data->>'n')::int %% 1000 <> 500`, n-1)), "numbers")
	require.Equal(t, int64(n-bad), st.Stored)
	require.Equal(t, int64(bad), st.Dead)

	f, err := os.Open(filepath.Join(dir, "dead.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	seen := map[int]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var letter struct {
			Reason string
			Record struct {
				Extra struct{ N int } `json:"extra_data"`
			}
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &letter), lines.Text())
		require.Contains(t, letter.Reason, "SQLSTATE")
		require.True(t, poisonous(letter.Record.Extra.N), lines.Text())
		seen[letter.Record.Extra.N]++
	}
	require.NoError(t, lines.Err())
	require.Len(t, seen, bad)
	for number, times := range seen {
		require.Equal(t, 1, times, number)
	}
}
