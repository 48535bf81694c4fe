package prom

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/prodwright/prodwright/metrics"
)

// patience is how long a scrape waits for the host's registry to say which names it has.
const patience = time.Second

// host is the registry that a [Collector] is registered in. What has a name there is the host's.
type host struct {
	reg prometheus.Registerer

	mu      sync.Mutex // guards what follows
	taken   map[string]bool
	labels  map[string]bool // those that are known, and whether the registerer adds them
	pending int             // questions that are not answered
	slow    bool            // one took longer than patience
}

// without returns the families whose names the host does not have, without labels that it adds.
func (h *host) without(families []metrics.Family) []metrics.Family {
	h.mu.Lock()
	slow := h.slow
	var answered chan struct{}
	if !slow || h.pending == 0 {
		h.pending++
		answered = make(chan struct{})
		// Only a question that is asked aside can be given up: a registry that is being collected by another one keeps
		// its lock meanwhile.
		go h.ask(h.open(families), h.unknownLabels(families), answered)
	}
	h.mu.Unlock()
	if !slow {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-answered:
		case <-timer.C:
			slow = true
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slow = h.slow || slow
	h.rename(families)
	return slices.DeleteFunc(families, func(f metrics.Family) bool { return h.taken[f.Name] })
}

// open returns, for each family that may be the host's, all names that it needs. The lock is held.
func (h *host) open(families []metrics.Family) [][]string {
	list := make([][]string, 0, len(families))
	for i := range families {
		name := families[i].Name
		if h.taken[name] {
			continue // a registry never gives a name back
		}
		names := []string{name}
		for _, suffix := range [...]string{"_bucket", "_count", "_sum"} {
			if families[i].Kind == metrics.KindHistogram {
				names = append(names, name+suffix)
			}
			if base, ok := strings.CutSuffix(name, suffix); ok && base != "" {
				names = append(names, base) // which may be a histogram
			}
		}
		list = append(list, names)
	}
	return list
}

// ask finds out which families the host has, and which labels it adds: none, nearly always.
func (h *host) ask(families [][]string, labels []string, answered chan<- struct{}) {
	var taken []string
	if h.has(families...) {
		for _, names := range families {
			if h.has(names) {
				taken = append(taken, names[0])
			}
		}
	}
	added := h.adds(labels)
	h.mu.Lock()
	added = h.learn(labels, added)
	if h.taken == nil {
		h.taken = make(map[string]bool)
	}
	taken = slices.DeleteFunc(taken, func(name string) bool { return h.taken[name] }) // another scrape was faster
	for _, name := range taken {
		h.taken[name] = true
	}
	h.pending--
	h.mu.Unlock()
	close(answered)
	for _, name := range added {
		warnOfLabel(name)
	}
	for _, name := range taken {
		slog.LogAttrs(context.Background(), slog.LevelWarn, "prom: a metric is not exported", slog.String("metric", name),
			slog.String("reason", "the registry has its name, or one that is derived from it; register with a prefix"))
	}
}

// has says whether the host has one of the names.
func (h *host) has(families ...[]string) (yes bool) {
	defer func() {
		_ = recover() // a registerer that panics instead of returning errors has not said yes
	}()
	q := &question{slices.Concat(families...)}
	err := h.reg.Register(q)
	if err == nil {
		h.reg.Unregister(q) // it does not look at names
		return false
	}
	return !strings.Contains(err.Error(), lastWord)
}

// question is a collector that no registry takes. How it is refused says whether the registry has one of the names: it
// compares them one after the other with those that it has, whose help is another one, and in the end meets a
// contradiction in the question itself. Nothing is registered by that.
type question struct{ names []string }

// lastWord is the name that the contradiction is about. (A Desc that is invalid would do, were it not that those of
// prometheus.NewInvalidDesc panic below a registerer with a prefix.)
const lastWord = "prodwright_end_of_question"

// Describe sends all names, and the contradiction.
func (q *question) Describe(descs chan<- *prometheus.Desc) {
	for _, name := range q.names {
		descs <- prometheus.NewDesc(name, "Is there a metric of this name?", nil, nil)
	}
	descs <- prometheus.NewDesc(lastWord, "one", nil, nil)
	descs <- prometheus.NewDesc(lastWord, "another", nil, nil)
}

// Collect sends nothing.
func (q *question) Collect(chan<- prometheus.Metric) {}
