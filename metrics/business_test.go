package metrics_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/metrics"
)

// events are the times at which something happened.
type events []time.Time

// between counts those after one time and up to another.
func (e events) between(from, to time.Time) (n float64) {
	first, _ := slices.BinarySearchFunc(e, from, time.Time.Compare)
	last, _ := slices.BinarySearchFunc(e, to, time.Time.Compare)
	return float64(last - first)
}

// until sleeps to a time of the bubble, whose clocks begin at 2000-01-01 00:00 UTC, a Saturday.
func until(month time.Month, day, hour int) {
	time.Sleep(time.Until(time.Date(2000, month, day, hour, 0, 0, 0, time.UTC)))
}

// Over a weekend on which summer time begins, and one on which it ends: there is a figure when all that it is of is within the
// schedule, and never else, and it is right.
func TestRatePerHour(t *testing.T) {
	t.Parallel()
	for i, begin := range []time.Time{time.Date(2000, 3, 24, 0, 0, 0, 0, time.UTC), time.Date(2000, 10, 27, 0, 0, 0, 0, time.UTC)} {
		for _, c := range []struct {
			text   string
			window time.Duration
			most   [2]float64 // hours of the four days in which there is a figure
		}{
			{"Mon-Fri 09:00-18:00 Europe/Berlin", 0, [2]float64{16, 16}},
			{"Mon-Fri 09:00-18:00 Europe/Berlin", 2 * time.Hour, [2]float64{14, 14}},
			{"22:00-06:00 Europe/Berlin", 5 * time.Minute, [2]float64{32, 32}},
			{"Sun 00:00-06:00 Europe/Berlin", 3 * time.Hour, [2]float64{2, 4}}, // five hours long, and seven
			{"Sat,Sun Europe/Berlin", time.Hour, [2]float64{46, 48}},
			{"always", time.Hour, [2]float64{95, 95}},
		} {
			synctest.Test(t, func(t *testing.T) { rateIsRight(t, begin, c.text, c.window, c.most[i]) })
		}
	}
}

func rateIsRight(t *testing.T, begin time.Time, text string, window time.Duration, most float64) {
	t.Helper()
	time.Sleep(time.Until(begin) + 4*time.Minute + 33*time.Second) // so that no step begins with the schedule
	r, s := new(metrics.Registry), schedule(t, text)
	go func() { _ = r.Run(t.Context()) }()
	rate := r.RatePerHour("registrations", window, s, metrics.Label{Name: "plan", Value: "pro"})
	_, err := rate(t.Context())
	require.ErrorIs(t, err, metrics.ErrNoData)
	require.ErrorContains(t, err, "there is no metric registrations")
	pro, other := r.Counter("registrations", metrics.Label{Name: "plan", Value: "pro"}), r.Counter("registrations")
	if window == 0 {
		window = time.Hour
	}
	var happened events
	random := rand.New(rand.NewPCG(1, 1))
	figures := 0
	time.Sleep(3 * time.Second) // between ticks
	for i := range 4 * 24 * 20 {
		if hour := i / 20 % 24; hour > 3 && hour < 21 && random.IntN(3) == 0 {
			pro.Inc()
			happened = append(happened, time.Now())
		}
		other.Inc()
		time.Sleep(3 * time.Minute)
		got, err := rate(t.Context())
		sum, _ := r.Summary("registrations", window)
		want := sum.Covered >= window
		for at := sum.End.Add(-sum.Covered); at.Before(sum.End) && want; at = at.Add(5 * time.Second) {
			want = s.Covers(at)
		}
		if !want {
			require.ErrorIs(t, err, metrics.ErrNoData, "at %v", sum.End.In(berlin(t)))
			continue
		}
		figures++
		require.NoError(t, err, "at %v", sum.End.In(berlin(t)))
		require.InDelta(t, happened.between(sum.End.Add(-sum.Covered), sum.End)/sum.Covered.Hours(), got, 1e-9)
	}
	require.InDelta(t, most, float64(figures)/20, 0.06*most+0.1, text)
}

// Each silence has its reason, and what is a mistake is not said to be a silence.
func TestRatePerHourReasons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		until(1, 3, 8) // Monday
		r := new(metrics.Registry)
		hours := schedule(t, "Mon-Fri 09:00-18:00")
		silent := func(want string, f func(context.Context) (float64, error)) {
			t.Helper()
			_, err := f(t.Context())
			require.ErrorIs(t, err, metrics.ErrNoData)
			require.EqualError(t, err, "metrics: no data: "+want)
		}
		wrong := func(want string, f func(context.Context) (float64, error)) {
			t.Helper()
			_, err := f(t.Context())
			require.NotErrorIs(t, err, metrics.ErrNoData)
			require.EqualError(t, err, want)
		}
		silent("there is no metric orders; there is one when its handle was got or Describe was called", r.RatePerHour("orders", 0, hours))
		r.Describe("orders", metrics.KindCounter, metrics.Description{Help: "Orders."})
		r.Gauge("level", metrics.Label{Name: "a", Value: "b"}).Set(1)
		r.Tick()
		time.Sleep(2 * time.Minute)
		orders := r.RatePerHour("orders", time.Hour, hours)
		silent("only 2m0s of the last 1h0m0s are known", orders)
		for range 6 * 58 {
			time.Sleep(10 * time.Second)
			r.Tick()
		}
		time.Sleep(5 * time.Second)
		silent("the 1h0m5s before Mon 09:00 are not wholly within Mon-Fri 09:00-18:00", orders)
		for range 6 * 61 {
			time.Sleep(10 * time.Second)
			r.Tick()
		}
		perHour, err := orders(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 0, perHour, 0, "of a counter that was only described; not to grow is data")
		r.Counter("orders", metrics.Label{Name: "a", Value: "b"}).Add(30)
		perHour, err = orders(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 30, perHour, 1)
		perHour, err = r.RatePerHour("orders_total", time.Minute, hours, metrics.Label{Name: "a", Value: "c"})(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 0, perHour, 0, "with those labels nothing happened")
		for range 10 {
			r.Histogram("payments").Observe(20)
		}
		perHour, err = r.RatePerHour("payments", time.Hour, hours)(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 10, perHour, 0.5)
		silent("the gauge level has no rate", r.RatePerHour("level", time.Hour, hours))
		until(1, 3, 19)
		silent("only 11h0m0s of the last 12h0m0s are known", r.RatePerHour("orders", 12*time.Hour, hours))
		silent("Mon 19:00 is outside of Mon-Fri 09:00-18:00", orders)

		wrong("metrics: a window of 25h0m1s cannot be: must be positive, at most 25h0m0s", r.RatePerHour("orders", metrics.MaxWindow+time.Second, hours))
		wrong("metrics: a window of -1s cannot be: must be positive, at most 25h0m0s", r.RatePerHour("orders", -time.Second, hours))
		wrong("metrics: invalid schedule:\nFrom is -1ns: must be a time of day, from 0 to 23h59m59.999999999s", r.RatePerHour("orders", 0, metrics.Schedule{From: -1}))
		for _, ago := range []time.Duration{time.Hour - 1, metrics.MaxAgo - time.Hour + 1, -1} {
			_, err := r.Compare("orders", metrics.Rate, time.Hour, ago)
			require.NotErrorIs(t, err, metrics.ErrNoData)
			require.ErrorContains(t, err, "cannot be compared: must be at least its length ago, and begin at most 50h0m0s ago")
		}
	})
}

// The end of the day belongs to it.
func TestRatePerHourAtTheBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		until(1, 3, 9)
		r := new(metrics.Registry)
		r.Counter("orders").Add(0)
		rate := r.RatePerHour("orders", time.Hour, schedule(t, "Mon 09:00-10:00"))
		for range 360 {
			r.Tick()
			time.Sleep(10 * time.Second)
		}
		_, err := rate(t.Context())
		require.NoError(t, err, "ten o'clock sharp")
		time.Sleep(time.Nanosecond)
		_, err = rate(t.Context())
		require.ErrorIs(t, err, metrics.ErrNoData)
	})
}

// The same window of another day is known wholly or not at all, lies where it should within one step, and the ratio is that of
// what happened, also when ticks come when they come.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { comparisonsAreRight(t, late) })
	}
}

func comparisonsAreRight(t *testing.T, late bool) {
	t.Helper()
	r := new(metrics.Registry)
	orders, sizes := r.Counter("orders"), r.Histogram("size_bytes")
	begin := time.Now()
	r.Tick()
	random := rand.New(rand.NewPCG(1, 1))
	var happened events
	known := make(map[int]int)
	windows := []struct{ window, ago, step time.Duration }{
		{time.Hour, 24 * time.Hour, 10 * time.Minute},
		{5 * time.Minute, 24 * time.Hour, 10 * time.Minute},
		{55 * time.Minute, 24 * time.Hour, 10 * time.Minute},
		{90 * time.Minute, 36 * time.Hour, time.Hour},
		{24 * time.Hour, 24 * time.Hour, time.Hour},
		{25 * time.Hour, 25 * time.Hour, time.Hour},
		{30 * time.Minute, 48*time.Hour + 30*time.Minute, time.Hour},
		{90 * time.Minute, 48*time.Hour + 30*time.Minute, time.Hour},
		{30 * time.Minute, time.Hour, 10 * time.Minute},
		{time.Minute, 5 * time.Minute, 10 * time.Second},
		{30 * time.Minute, 35 * time.Minute, time.Minute},
	}
	for i := range 60 * 360 {
		if random.IntN(10) < 3+i/360%24/3 {
			orders.Inc()
			sizes.Observe(float64(1 + i/360))
			happened = append(happened, time.Now())
		}
		pause := 10 * time.Second
		if late {
			pause += time.Duration(random.IntN(500)-200) * time.Millisecond
		}
		time.Sleep(pause - time.Millisecond)
		r.Tick()
		time.Sleep(time.Millisecond)
		if i%37 != 0 && i%360 > 1 {
			continue
		}
		for w, c := range windows {
			got, err := r.Compare("orders", metrics.Increase, c.window, c.ago)
			if reach := time.Since(begin); reach < c.ago+c.window {
				require.ErrorIs(t, err, metrics.ErrNoData)
				continue
			} else if reach < c.ago+c.window+2*c.step && err != nil {
				require.ErrorContains(t, err, "is not wholly known")
				continue
			}
			require.NoError(t, err, "%v of %v ago, step %d", c.window, c.ago, i)
			known[w]++
			require.Equal(t, [2]time.Duration{c.window, c.window}, [2]time.Duration{got.Now.Window, got.Before.Window})
			jitter := time.Second
			if late { // a step ends with a step of the next finer ones, 5 s early at most
				jitter = c.step / 5
			}
			to := time.Now().Add(-c.ago)
			from := to.Add(-c.window)
			gotFrom := got.Before.End.Add(-got.Before.Covered)
			require.GreaterOrEqual(t, got.Before.Covered, c.window-jitter)
			require.Less(t, got.Before.Covered, c.window+2*c.step+jitter)
			require.Less(t, from.Sub(gotFrom), 2*c.step+jitter, "%v of %v ago", c.window, c.ago)
			require.LessOrEqual(t, gotFrom.Sub(from), time.Duration(0), "it begins early enough")
			require.LessOrEqual(t, got.Before.End.Sub(to).Abs(), c.step/2+jitter)
			now := happened.between(got.Now.End.Add(-got.Now.Covered), got.Now.End)
			before := happened.between(gotFrom, got.Before.End)
			require.InDelta(t, now, got.Now.Increase, 0)
			require.InDelta(t, before, got.Before.Increase, 0)
			if before > 0 {
				require.InDelta(t, now/got.Now.Covered.Seconds()/(before/got.Before.Covered.Seconds()), *got.Ratio, 1e-9)
				rate, err := r.QueryRatio("orders", metrics.Rate, c.window, c.ago, metrics.Schedule{})(t.Context())
				require.NoError(t, err)
				require.InDelta(t, *got.Ratio, rate, 1e-9, "a rate is in proportion already")
			}
			largest, err := r.Compare("size_bytes", metrics.Max, c.window, c.ago)
			if now > 0 && before > 0 {
				require.NoError(t, err)
				require.InDelta(t, largest.Now.Max/largest.Before.Max, *largest.Ratio, 1e-9)
			}
		}
	}
	for w, c := range windows {
		require.Positive(t, known[w], "%v of %v ago", c.window, c.ago)
	}
}

// An hour is compared with the same one of the day before, when both are business hours.
func TestQueryRatio(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		until(1, 3, 0) // Monday
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		orders := r.Counter("orders")
		hours := schedule(t, "Mon-Fri 09:00-18:00")
		ratio := r.QueryRatio("orders", metrics.Increase, 0, 0, hours)
		always := r.QueryRatio("orders", metrics.Increase, time.Hour, 24*time.Hour, metrics.Schedule{})
		time.Sleep(5 * time.Second)
		reasons := make(map[string]int)
		for minute := range 8 * 24 * 60 {
			day, hour := minute/60/24, minute/60%24
			if hour >= 8 && hour < 20 {
				orders.Add(float64(1 + day))
			}
			time.Sleep(time.Minute)
			got, err := ratio(t.Context())
			at := time.Now()
			weekday, clock := at.Weekday(), at.Sub(at.Truncate(24*time.Hour))
			if weekday >= time.Tuesday && weekday <= time.Friday && clock > 10*time.Hour+12*time.Minute && clock < 17*time.Hour+54*time.Minute {
				require.NoError(t, err, "at %v", at)
				require.InEpsilon(t, float64(day+1)/float64(day), got, 0.01, "at %v", at) // there are windows with an event more or less
				continue
			}
			if weekday < time.Tuesday || weekday > time.Friday || clock < 10*time.Hour || clock > 18*time.Hour {
				require.ErrorIs(t, err, metrics.ErrNoData, "at %v", at)
				reasons[weekday.String()]++
			}
			if day > 1 && hour > 2 && hour < 7 {
				_, err = always(t.Context())
				require.EqualError(t, err, "metrics: no data: the increase of orders_total was 0 24h0m0s ago", at)
				c, err := r.Compare("orders", metrics.Increase, 0, 0)
				require.NoError(t, err)
				require.Nil(t, c.Ratio)
				require.InDelta(t, 0, c.Now.Increase, 0)
			}
		}
		require.Len(t, reasons, 7)
		_, err := r.Compare("orders", metrics.P95, 0, 0)
		require.EqualError(t, err, "metrics: no data: the counter orders_total has no p95 in the last 1h0m0s")
		r.Histogram("late_seconds").Observe(1)
		_, err = r.Compare("late_seconds", metrics.P95, 0, 0)
		require.EqualError(t, err, "metrics: no data: the histogram late_seconds has no p95 of 24h0m0s ago")
		encoded, err := json.Marshal(metrics.Comparison{Figure: metrics.Rate})
		require.NoError(t, err)
		require.Contains(t, string(encoded), `"figure":"rate"`)
		require.Contains(t, string(encoded), `"ratio":null`)
	})
}

// However long a window is asked for, it is no longer than there can be, and it does not end in the future.
func TestWindowsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		r.Counter("orders").Add(0)
		for range 30 * 360 {
			r.Tick()
			time.Sleep(10 * time.Second)
		}
		for window, want := range map[time.Duration]time.Duration{40 * time.Hour: metrics.MaxWindow, metrics.MaxWindow: metrics.MaxWindow, -time.Hour: 0} {
			for _, ago := range []time.Duration{0, -time.Hour} {
				s, _ := r.SummaryBefore(ago, "orders", window)
				require.GreaterOrEqual(t, s.Covered, want)
				require.LessOrEqual(t, s.Covered, want+10*time.Minute)
				require.Equal(t, time.Now(), s.End)
				require.Equal(t, window, s.Window)
			}
		}
	})
}

// What a caller changes afterwards is not asked.
func TestQueriesKeepTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		until(1, 3, 9)
		r := new(metrics.Registry)
		labels := []metrics.Label{{Name: "a", Value: "b"}}
		r.Counter("orders", labels...).Add(0)
		s := schedule(t, "Mon")
		rate := r.RatePerHour("orders", time.Minute, s, labels...)
		r.Tick()
		time.Sleep(2 * time.Minute)
		r.Counter("orders", labels...).Add(2)
		s.Days[0], labels[0].Value = time.Tuesday, "c"
		got, err := rate(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 60, got, 1e-9)
	})
}

// A configuration has them as texts.
func TestBusinessConfig(t *testing.T) {
	t.Parallel()
	type config struct {
		Metrics metrics.Config
		Hours   metrics.Schedule `env:"BUSINESS_HOURS" default:"Mon-Fri 09:00-18:00 UTC"`
	}
	c, err := envcfg.Load[config](envcfg.Options{Environ: []string{"METRICS_MAX_IDLE=48h"}, Files: []string{}})
	require.NoError(t, err)
	require.Equal(t, 48*time.Hour, c.Metrics.MaxIdle)
	require.Equal(t, "Mon-Fri 09:00-18:00 UTC", c.Hours.String())
	_, err = envcfg.Load[config](envcfg.Options{Environ: []string{"METRICS_MAX_IDLE=5s", "BUSINESS_HOURS=Mo-Fr"}, Files: []string{}})
	require.ErrorContains(t, err, "must be at least 5m0s")
	require.ErrorContains(t, err, "BUSINESS_HOURS")
}
