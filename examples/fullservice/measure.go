package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/metrics/sysmon"
	"github.com/prodwright/prodwright/pool"
)

// measures is what the service knows about itself.
type measures struct {
	registry *metrics.Registry
	queries  *pgxmon.Tracer
	system   *sysmon.Sampler
}

func newMeasures(cfg config) (m measures, err error) {
	var errs [3]error
	m.registry, errs[0] = metrics.New(cfg.Metrics)
	m.queries, errs[1] = pgxmon.New(m.registry, cfg.Queries)
	m.system, errs[2] = sysmon.New(m.registry, cfg.System)
	return m, errors.Join(errs[:]...)
}

// parts keep the past and sample the machine.
func (m measures) parts() []lifecycle.Part {
	return []lifecycle.Part{
		{Name: "metrics", Phase: lifecycle.Close, Run: m.registry.Run},
		{Name: "system", Phase: lifecycle.Background, Run: m.system.Run},
	}
}

// pool samples a pool, which is there when the part starts.
func (m measures) pool(name string, open func() *pool.Pool, cfg pgxmon.PoolConfig) lifecycle.Part {
	return lifecycle.Part{Name: name + " measured", Phase: lifecycle.Background, Run: func(ctx context.Context) error {
		sampler, err := pgxmon.NewPoolSampler(m.registry, name, open().Raw().Stat, cfg)
		if err != nil {
			return err
		}
		return sampler.Run(ctx)
	}}
}

// traced adds the tracer to a pool's configuration.
func (m measures) traced(c pool.Config) pool.Config {
	c.Tracers = append([]pgx.QueryTracer{m.queries}, c.Tracers...)
	return c
}
