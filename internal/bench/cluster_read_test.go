package bench

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// BenchmarkClusterRead compares a query through the cluster with one through a pool for the replica that it goes to. What the cluster
// itself costs is its ratio to the very pool that it uses, with the same connection and the same server process: those of another
// pool may be faster or slower by several hundredths, as long as they live. Each run makes all pools anew.
func BenchmarkClusterRead(b *testing.B) {
	primary := pgtest.New(b, pgtest.Config{})
	standby, err := primary.Standby(b.Context(), pgtest.StandbyConfig{Name: "standby"})
	if err != nil {
		b.Fatal(err)
	}
	const block, most = 50, 1.05
	runs, turns := 5, 200
	smoke := flag.Lookup("test.benchtime").Value.String() == "1x"
	if smoke {
		runs, turns = 1, 2
	}
	names := []string{"same-pool", "cluster", "same-pool-again", "other-pool"}
	cpu, wall := make([][]float64, len(names)), make([][]float64, len(names)) // ratios to the first, by round
	ns := make([]float64, len(names))
	var allocs [4]float64
	for range runs {
		c, same := clusterOf(b, primary, standby)
		ctx := b.Context()
		reader := c.Reader()
		other := poolOf(b, standby)
		pooled := func(p *pgxpool.Pool) func() {
			return func() {
				var one int
				if err := p.QueryRow(ctx, "select 1").Scan(&one); err != nil {
					b.Fatal(err)
				}
			}
		}
		run := []func(){pooled(same), func() {
			var one int
			if err := reader.QueryRow(ctx, "select 1").Scan(&one); err != nil {
				b.Fatal(err)
			}
		}, pooled(same), pooled(other)}
		usedCPU, usedWall := alternate(run, turns, block)
		for i := range run {
			cpu[i] = append(cpu[i], usedCPU[i]/usedCPU[0])
			wall[i] = append(wall[i], usedWall[i]/usedWall[0])
			ns[i] = usedCPU[i]
			allocs[i] = testing.AllocsPerRun(1000, run[i])
		}
		other.Close()
		if err := c.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	for i, name := range names {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ns[i], "cpu-ns/op")
			b.ReportMetric(median(cpu[i]), "x-cpu")
			b.ReportMetric(slices.Min(cpu[i]), "x-cpu-least")
			b.ReportMetric(slices.Max(cpu[i]), "x-cpu-most")
			b.ReportMetric(median(wall[i]), "x-wall")
			b.ReportMetric(allocs[i], "heap-allocs/op")
			if ratio := median(cpu[i]); name == "cluster" && ratio > most && !smoke {
				b.Errorf("%s costs %.3f of %s, more than the %.2f that are promised", name, ratio, names[0], most)
			}
		})
	}
}

// alternate lets all take turns, in another order each time, and returns the median CPU time and wall time of one call of each.
func alternate(run []func(), turns, block int) (cpu, wall []float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	allCPU, allWall := make([][]float64, len(run)), make([][]float64, len(run))
	for turn := range turns {
		for k := range run {
			i := (k + turn) % len(run)
			for range block / 5 {
				run[i]()
			}
			began, used := time.Now(), cpuTime()
			for range block {
				run[i]()
			}
			used = cpuTime() - used
			allWall[i] = append(allWall[i], float64(time.Since(began))/float64(block))
			allCPU[i] = append(allCPU[i], float64(used)/float64(block))
		}
	}
	for i := range run {
		cpu, wall = append(cpu, median(allCPU[i])), append(wall, median(allWall[i]))
	}
	return cpu, wall
}

// clusterOf opens a cluster and returns it with the pool that its reads use.
func clusterOf(b *testing.B, primary, standby *pgtest.Server) (*cluster.Cluster, *pgxpool.Pool) {
	b.Helper()
	var mu sync.Mutex // guards reads
	var reads *pgxpool.Pool
	c, err := cluster.Open(b.Context(), cluster.Config{
		Nodes: []cluster.NodeConfig{{Name: "db1", URL: cluster.NewSecret(primary.URL("postgres"))}, {Name: "db2", URL: cluster.NewSecret(standby.URL("postgres"))}},
		Connect: func(ctx context.Context, cfg *pgxpool.Config) (*pgxpool.Pool, error) {
			p, err := pgxpool.NewWithConfig(ctx, cfg)
			mu.Lock()
			defer mu.Unlock()
			if int(cfg.ConnConfig.Port) == standby.Port() {
				reads = p
			}
			return p, err
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	for !c.Report().Healthy {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	return c, reads
}

func poolOf(b *testing.B, s *pgtest.Server) *pgxpool.Pool {
	b.Helper()
	p, err := pgxpool.New(b.Context(), s.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	return p
}
