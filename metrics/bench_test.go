package metrics_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// What it costs that series may expire.
func BenchmarkMaxIdle(b *testing.B) {
	for name, maxIdle := range map[string]time.Duration{"never": 0, "1h": time.Hour} {
		r, err := metrics.New(metrics.Config{MaxIdle: maxIdle, Logger: quiet()})
		require.NoError(b, err)
		counter, histogram := r.Counter("inc", user("ann")), r.Histogram("observe", user("ann"))
		vec := metrics.NewCounterVec[struct{ User, Plan string }](r, "vec")
		for range 1000 {
			r.Counter("lookup", user("ann")).Inc()
		}
		for run, f := range map[string]func(){
			"inc": counter.Inc, "observe": func() { histogram.Observe(0.25) },
			"vec":    func() { vec.With(struct{ User, Plan string }{"ann", "pro"}).Inc() },
			"lookup": func() { r.Counter("lookup", user("ann")).Inc() },
		} {
			b.Run(run+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
		b.Run("tick-of-10000/"+name, func(b *testing.B) {
			r, err := metrics.New(metrics.Config{MaxIdle: maxIdle, MaxSeries: -1, MaxTotalSeries: -1, Logger: quiet()})
			require.NoError(b, err)
			held := make([]metrics.Counter, 10_000)
			for i := range held {
				held[i] = r.Counter("c", user(strconv.Itoa(i)))
			}
			now := time.Now()
			for b.Loop() {
				now = now.Add(10 * time.Second)
				r.TickAt(now)
			}
			held[0].Inc()
		})
	}
}
