package prom

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/prodwright/prodwright/metrics"
)

// Collector gives all metrics of a [metrics.Registry] to a registry of client_golang, as they are at each scrape. It is an
// unchecked collector, because which metrics there will be is not known in advance: client_golang neither notices when one
// is registered twice nor unregisters it. It is safe for concurrent use.
type Collector struct {
	registry *metrics.Registry
	host     *host // nil when it is not known
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector for those who compose registries by themselves. It does not know where it will be
// registered, so a name that is taken there is an error of the scrape. [Register] is what most need.
func NewCollector(r *metrics.Registry) *Collector { return &Collector{registry: r} }

// Register exports r with reg, which may be prometheus.DefaultRegisterer or a registerer that adds labels or a prefix.
// Doing so again has no effect and returns nil. It cannot be undone, other than by dropping reg. The error is that of
// reg, or says that one of the two is nil.
func Register(reg prometheus.Registerer, r *metrics.Registry) error {
	if reg == nil || r == nil {
		return errors.New("prom: Register needs a registerer and a registry, and got nil")
	}
	var err error
	for i := range maxMarkers {
		m := &marker{r, i}
		if err = reg.Register(m); err == nil {
			if err = reg.Register(&Collector{r, &host{reg: reg}}); err == nil {
				return nil
			}
			reg.Unregister(m)
			break
		}
		if errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return nil
		}
	}
	return fmt.Errorf("prom: %w", err)
}

// maxMarkers is with how many sets of label names one metrics.Registry can be registered.
const maxMarkers = 20

// marker is what a registry notices when it is registered twice. It keeps its metrics.Registry, so that no other one can
// get the same address.
type marker struct {
	registry *metrics.Registry
	number   int // one name cannot have different labels, as registerers may add them
}

// Describe sends what is different for each metrics.Registry, and for each prefix and labels that a registerer adds.
func (m *marker) Describe(descs chan<- *prometheus.Desc) {
	descs <- prometheus.NewDesc(fmt.Sprintf("prodwright_registry_%p_%d", m.registry, m.number), "A metrics.Registry.", nil, nil)
}

// Collect sends nothing.
func (m *marker) Collect(chan<- prometheus.Metric) {}

// Describe sends nothing, which makes the collector an unchecked one.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends all metrics. The funcs of [metrics.Registry.GaugeFunc] are asked, for [metrics.CallbackTimeout] at most.
func (c *Collector) Collect(found chan<- prometheus.Metric) {
	families := c.registry.Gather(context.Background())
	if c.host != nil {
		families = c.host.without(families)
	}
	for i := range families {
		f := &families[i]
		desc := prometheus.V2.NewDesc(f.Name, f.Help, prometheus.UnconstrainedLabels(nil), nil, prometheus.WithUnit(unit(f)))
		for j := range f.Samples {
			found <- metric{desc, f, &f.Samples[j]}
		}
	}
}

// unit returns the unit when it is part of the name, as OpenMetrics demands.
func unit(f *metrics.Family) string {
	if f.Unit != "" && strings.HasSuffix(strings.TrimSuffix(f.Name, "_total"), "_"+f.Unit) {
		return f.Unit
	}
	return ""
}
