package interop_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/prom"
)

// Nothing that the packages of this repository measure has a name of client_golang's own collectors, and all of it is
// beyond the linter's reproach.
func TestNamesBesideClientGolang(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg}))
	theirs, err := reg.Gather()
	require.NoError(t, err)

	r := ours(t)
	require.NoError(t, prom.Register(reg, r))
	list := names(r)
	for _, prefix := range []string{"system_", "runtime_", "http_", "db_"} {
		require.Contains(t, strings.Join(list, " "), " "+prefix)
	}
	all, err := reg.Gather()
	require.NoError(t, err)
	require.Len(t, all, len(theirs)+len(list), "none is left out")

	own := prometheus.NewPedanticRegistry()
	require.NoError(t, prom.Register(own, r))
	problems, err := testutil.GatherAndLint(own)
	require.NoError(t, err)
	for _, p := range problems {
		require.Equal(t, "a:colon", p.Metric, p.Text)
	}
}
