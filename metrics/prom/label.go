package prom

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/prodwright/prodwright/metrics"
)

// exported is put before the name of a label that the registerer adds, too, as Prometheus does with those of its targets.
const exported = "exported_"

// unknownLabels returns the names of labels of which it is not known whether the registerer adds them. The lock is held.
func (h *host) unknownLabels(families []metrics.Family) (names []string) {
	for i := range families {
		for j := range families[i].Samples {
			for _, l := range families[i].Samples[j].Labels {
				if _, known := h.labels[l.Name]; !known && !slices.Contains(names, l.Name) {
					names = append(names, l.Name)
				}
			}
		}
	}
	return names
}

// adds finds out which of these labels the registerer adds: none, nearly always.
func (h *host) adds(names []string) (added []string) {
	defer func() {
		_ = recover() // as in has
	}()
	rest := slices.Clone(names)
	for len(rest) > 0 {
		q := &labelQuestion{rest}
		err := h.reg.Register(q)
		if err == nil {
			h.reg.Unregister(q) // it does not look at labels
			return added
		}
		i := slices.IndexFunc(rest, func(name string) bool {
			return strings.Contains(err.Error(), fmt.Sprintf("already existing label name %q", name))
		})
		if i < 0 {
			return added
		}
		added = append(added, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return added
}

// learn notes which labels the registerer adds. The lock is held. It returns those that were not known to be added.
func (h *host) learn(names, added []string) (fresh []string) {
	if h.labels == nil {
		h.labels = make(map[string]bool)
	}
	for _, name := range names {
		isAdded := slices.Contains(added, name)
		if isAdded && !h.labels[name] {
			fresh = append(fresh, name)
		}
		h.labels[name] = isAdded
	}
	return fresh
}

func warnOfLabel(name string) {
	slog.LogAttrs(context.Background(), slog.LevelWarn, "prom: a label is exported with another name", slog.String("label", name),
		slog.String("reason", "the registerer adds one of its name; it is now "+exported+name))
}

// rename gives the labels another name that the registerer adds. The lock is held.
func (h *host) rename(families []metrics.Family) {
	for i := range families {
		for j := range families[i].Samples {
			s := &families[i].Samples[j]
			if slices.ContainsFunc(s.Labels, func(l metrics.Label) bool { return h.labels[l.Name] }) {
				s.Labels = h.renamed(s.Labels)
			}
		}
	}
}

func (h *host) renamed(labels []metrics.Label) []metrics.Label {
	labels = slices.Clone(labels) // they are the registry's
	for i := range labels {
		if !h.labels[labels[i].Name] {
			continue
		}
		name := exported + labels[i].Name
		for h.labels[name] || slices.ContainsFunc(labels, func(l metrics.Label) bool { return l.Name == name }) {
			name = exported + name
		}
		labels[i].Name = name
	}
	return labels
}

// labelQuestion is a collector that no registry takes, like question: a registerer that adds one of its labels says so.
type labelQuestion struct{ names []string }

// Describe sends all labels, and a contradiction.
func (q *labelQuestion) Describe(descs chan<- *prometheus.Desc) {
	labels := make(prometheus.Labels, len(q.names))
	for _, name := range q.names {
		labels[name] = ""
	}
	descs <- prometheus.NewDesc(lastWord, "one", nil, labels)
	descs <- prometheus.NewDesc(lastWord, "another", nil, nil)
}

// Collect sends nothing.
func (q *labelQuestion) Collect(chan<- prometheus.Metric) {}
