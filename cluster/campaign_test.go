package cluster_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// scenario is something that goes wrong. Its function draws what is random about it, lets it happen, and says that it did.
type scenario struct {
	name  string
	modes []mode
	run   func(*round)
}

func scenarios() []scenario {
	all, outside, inside := []mode{follow, manage, managed}, []mode{follow}, []mode{manage, managed}
	return []scenario{
		{"kill -9", all, killed9},
		{"kill -9 of one backend", all, backendKilled},
		{"SIGSTOP", all, stopped},
		{"partition", all, partitioned},
		{"partition one-way", all, partitionedOneWay},
		{"partition of clients", all, clientsCutOff},
		{"slow replica", outside, slowReplica},
		{"replica restarts", all, replicaRestarts},
		{"promotion while the primary lives", outside, promotedBeside},
		{"stale primary returns", all, staleReturns},
		{"disk full", all, diskFull},
		{"connections exhausted", all, exhausted},
		{"password rotated", all, passwordRotated},
		{"DNS change", outside, nameMoved},
		{"pgbouncer", outside, pooled},
		{"manager killed", inside, managerKilled},
		{"two managers", inside, twoManagers},
		{"clock jump", all, clockJumps},
		{"lease store down", inside, storeDown},
	}
}

// campaign runs rounds and sums them up.
type campaign struct {
	seed uint64

	mu    sync.Mutex // guards sums
	sums  map[string]*sum
	order []string
}

// sum is what the rounds of a scenario come to.
type sum struct {
	rounds, failed int
	verdict
	gaps, outside    []time.Duration // of writes: in all rounds, and in those in which an outside authority replaced a primary that was lost
	accepts, directs []time.Duration // from a new primary that accepts, and from one that acknowledges, to the first write
}

// play runs one round.
func (c *campaign) play(t *testing.T, s scenario, l *lane, seed uint64) {
	t.Helper()
	c.mu.Lock()
	sum := c.sums[s.name]
	sum.rounds++
	c.mu.Unlock()
	ok := t.Run(fmt.Sprintf("%s/%d", s.name, seed), func(t *testing.T) {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(s.name))
		r := newRound(l.restore(t), seed^hash.Sum64(), s.modes, l.small)
		began := time.Now()
		r.end = func(r *round, v verdict) { c.add(s.name, r, v) }
		defer func() {
			if t.Failed() && !r.finished {
				r.postmortem()
			}
			t.Logf("%s, PRODWRIGHT_SEED=%d, %s, %d writers, sessions %v, stubborn client %v, %v: %s", s.name, seed, r.mode, r.writers, r.sessions, r.obstinate, time.Since(began).Round(time.Millisecond), strings.Join(r.told, "; "))
		}()
		s.run(r)
	})
	if !ok {
		c.mu.Lock()
		sum.failed++
		c.mu.Unlock()
	}
}

// add adds a round to its scenario.
func (c *campaign) add(name string, r *round, v verdict) {
	r.Log(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sums[name]
	s.acked += v.acked
	s.verdict.failed += v.failed
	s.unknown += v.unknown
	s.lost += v.lost
	s.there += v.there
	s.overlaps += v.overlaps
	s.stale += v.stale
	s.reads += v.reads
	s.readsFailed += v.readsFailed
	s.gaps = append(s.gaps, v.gap)
	if r.mode == follow && r.lost && !v.accepted.IsZero() && !v.firstAck.IsZero() {
		s.outside = append(s.outside, v.gap)
		s.accepts = append(s.accepts, max(v.firstAck.Sub(v.accepted), 0))
		if !v.acknowledged.IsZero() {
			s.directs = append(s.directs, max(v.firstAck.Sub(v.acknowledged), 0))
		}
	}
}

// table tells of all scenarios.
func (c *campaign) table() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "scenario\trounds\tnot passed\tacked\tfailed\tunknown\tlost\tfailed but there\toverlaps\tstale\treads\tfailed\tgap p50\tp95\tmax\taccepts to ack p50\tp95\tacknowledges to ack p50\tp95\t")
	var total sum
	row := func(name string, s *sum) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t", name, s.rounds, s.failed, s.acked, s.verdict.failed, s.unknown, s.lost, s.there, s.overlaps, s.stale, s.reads, s.readsFailed)
		for _, d := range []time.Duration{quantile(s.gaps, 0.5), quantile(s.gaps, 0.95), quantile(s.gaps, 1), quantile(s.accepts, 0.5), quantile(s.accepts, 0.95), quantile(s.directs, 0.5), quantile(s.directs, 0.95)} {
			fmt.Fprintf(w, "%v\t", d.Round(time.Millisecond))
		}
		fmt.Fprintln(w)
	}
	for _, name := range c.order {
		s := c.sums[name]
		row(name, s)
		total.rounds, total.failed = total.rounds+s.rounds, total.failed+s.failed
		total.acked, total.verdict.failed, total.unknown = total.acked+s.acked, total.verdict.failed+s.verdict.failed, total.unknown+s.unknown
		total.lost, total.there, total.overlaps, total.stale = total.lost+s.lost, total.there+s.there, total.overlaps+s.overlaps, total.stale+s.stale
		total.reads, total.readsFailed = total.reads+s.reads, total.readsFailed+s.readsFailed
		total.gaps, total.accepts, total.directs = append(total.gaps, s.gaps...), append(total.accepts, s.accepts...), append(total.directs, s.directs...)
	}
	row("all", &total)
	_ = w.Flush()
	for _, name := range c.order {
		if s := c.sums[name]; len(s.outside) > 0 {
			fmt.Fprintf(&b, "%s, replaced by an outside authority: %d rounds, gap p50 %v, p95 %v\n", name, len(s.outside), quantile(s.outside, 0.5).Round(time.Millisecond), quantile(s.outside, 0.95).Round(time.Millisecond))
		}
	}
	return b.String()
}

func newCampaign(seed uint64, chosen []scenario) *campaign {
	c := &campaign{seed: seed, sums: map[string]*sum{}}
	for _, s := range chosen {
		c.sums[s.name] = &sum{}
		c.order = append(c.order, s.name)
	}
	return c
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// The campaign: each scenario goes wrong in PRODWRIGHT_ROUNDS random ways, 20 by default. The n-th round has the seed
// PRODWRIGHT_SEED + n; so PRODWRIGHT_SEED, PRODWRIGHT_ROUNDS=1 and PRODWRIGHT_SCENARIO, a regular expression, repeat one round.
// PRODWRIGHT_MODE, a regular expression of follow, manage and managed, leaves out who else may promote, and draws other rounds.
// PRODWRIGHT_LANES is how many rounds run at the same time, 3 by default.
func TestCampaign(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN to run it")
	}
	seed := number(t, "PRODWRIGHT_SEED", uint64(time.Now().Unix()))
	rounds := number(t, "PRODWRIGHT_ROUNDS", 20)
	only := regexp.MustCompile(os.Getenv("PRODWRIGHT_SCENARIO"))
	modes := regexp.MustCompile(os.Getenv("PRODWRIGHT_MODE"))
	chosen := scenarios()
	for i := range chosen {
		chosen[i].modes = slices.DeleteFunc(slices.Clone(chosen[i].modes), func(m mode) bool { return !modes.MatchString(string(m)) })
	}
	chosen = slices.DeleteFunc(chosen, func(s scenario) bool { return !only.MatchString(s.name) || len(s.modes) == 0 })
	require.NotEmpty(t, chosen)
	c := newCampaign(seed, chosen)
	t.Logf("PRODWRIGHT_SEED=%d, %d rounds of each of %d scenarios", seed, rounds, len(chosen))
	type job struct {
		scenario
		seed uint64
	}
	jobs := make(chan job)
	began := time.Now()
	var lanes sync.WaitGroup
	for range min(number(t, "PRODWRIGHT_LANES", 3), rounds*uint64(len(chosen))) {
		l := newLane(t)
		lanes.Go(func() {
			for j := range jobs {
				c.play(t, j.scenario, l, j.seed)
			}
		})
	}
	for n := range rounds {
		for _, s := range chosen {
			if end, ok := t.Deadline(); ok && time.Until(end) < 2*time.Minute {
				t.Errorf("no time for round %d of %s", n, s.name)
				continue
			}
			jobs <- job{s, seed + n}
		}
	}
	close(jobs)
	lanes.Wait()
	took := time.Since(began)
	t.Logf("%d rounds in %v, %.1f each minute\n%s", rounds*uint64(len(chosen)), took.Round(time.Second), float64(rounds)*float64(len(chosen))/took.Minutes(), c.table())
}

// A few rounds of each day's scenarios; all of them within a week.
func TestCampaignShort(t *testing.T) { //nolint:tparallel // its rounds use one trio, one after the other
	t.Parallel()
	const each = 3
	all := scenarios()
	day := time.Now().YearDay()
	seed := number(t, "PRODWRIGHT_SEED", uint64(day))
	var chosen []scenario
	for i := range each {
		chosen = append(chosen, all[(each*day+i)%len(all)])
	}
	c := newCampaign(seed, chosen)
	l := newLane(t)
	for _, s := range chosen {
		c.play(t, s, l, seed)
	}
	t.Log("\n" + c.table())
}
