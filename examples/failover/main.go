// Failover starts a primary with two standbys, takes the primary away under load, and shows what became of it: -fault kill ends it as
// a power failure does, -fault stop freezes it and lets it wake up when it has been replaced.
package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/prodwright/prodwright/examples/internal/demo"
)

func main() {
	rounds := flag.Int("rounds", 1, "how often, each time with new servers")
	fast := flag.Bool("fast", false, "replace it at once, and not only after the time that a restart takes")
	fault := flag.String("fault", "kill", "what happens to the primary: kill or stop")
	demo.Main(func(ctx context.Context, v *demo.Verdict) error {
		if *fault != "kill" && *fault != "stop" {
			return fmt.Errorf("-fault is %q: must be kill or stop", *fault)
		}
		var all []result
		for range *rounds {
			r, err := round(ctx, *fault == "stop", *fast)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		judge(v, all)
		return nil
	})
}

// judge says what came out of all rounds.
func judge(v *demo.Verdict, all []result) {
	var sum result
	var gaps []time.Duration
	for _, r := range all {
		sum.Acknowledged += r.Acknowledged
		sum.Failed += r.Failed
		sum.Unknown += r.Unknown
		sum.Lost += r.Lost
		gaps = append(gaps, r.gap)
	}
	slices.Sort(gaps)
	v.Figure("timeline", all[len(all)-1].Timeline)
	v.Figure("rounds", len(all))
	v.Figure("acknowledged", sum.Acknowledged)
	v.Figure("unknown", sum.Unknown)
	v.Figure("lost", sum.Lost)
	v.Figure("longest_gap_ms_p50", gaps[len(gaps)/2].Milliseconds())
	v.Figure("longest_gap_ms_max", gaps[len(gaps)-1].Milliseconds())
	v.Claimf(sum.Acknowledged > 0 && sum.Lost == 0, "every write that was acknowledged is there (%d, %d lost)", sum.Acknowledged, sum.Lost)
	v.Claimf(sum.Failed == 0, "no write failed; those that had no primary waited for one")
}
