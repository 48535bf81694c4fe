package prom_test

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// A label of ours that the host's registerer adds, too, gets another name, and the host's page is whole.
func TestLabelsOfTheRegisterer(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(gauge("theirs"))
	r := new(metrics.Registry)
	r.Counter("jobs", metrics.Label{Name: "service", Value: "a"}, metrics.Label{Name: "kind", Value: "b"}).Inc()
	r.Counter("jobs", metrics.Label{Name: "service", Value: "a"}, metrics.Label{Name: "exported_service", Value: "c"}).Inc()
	wrapped := prometheus.WrapRegistererWith(prometheus.Labels{"service": "host", "zone": "z"}, reg)
	wrapped = prometheus.WrapRegistererWithPrefix("p_", prometheus.WrapRegistererWith(prometheus.Labels{"env": "prod"}, wrapped))
	require.NoError(t, prom.Register(wrapped, r))
	for _, want := range []string{
		`p_jobs_total{env="prod",exported_service="a",kind="b",service="host",zone="z"} 1`,
		`p_jobs_total{env="prod",exported_exported_service="a",exported_service="c",service="host",zone="z"} 1`,
		`p_later{env="prod",exported_env="e",exported_zone="d",service="host",zone="z"} 1`,
	} {
		status, _, body := scrape(t, reg, "", promhttp.HandlerOpts{})
		require.Equal(t, http.StatusOK, status, body)
		require.Contains(t, body, want)
		require.Contains(t, body, "theirs 0")
		r.Gauge("later", metrics.Label{Name: "zone", Value: "d"}, metrics.Label{Name: "env", Value: "e"}).Set(1)
	}
	families := r.Gather(t.Context())
	require.Equal(t, "service", families[0].Samples[0].Labels[1].Name, "the registry's own stay")
}
