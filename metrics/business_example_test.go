package metrics_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

func ExampleSchedule() {
	hours := metrics.Schedule{Days: []time.Weekday{time.Friday, time.Saturday}, From: 22 * time.Hour, To: 6 * time.Hour}
	fmt.Println(hours)
	fmt.Println(hours.Covers(time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC))) // Sunday, in Saturday's night
	fmt.Println(hours.Covers(time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC)))
	// Output:
	// Fri,Sat 22:00-06:00
	// true
	// false
}

func ExampleParseSchedule() {
	hours, err := metrics.ParseSchedule("Mon-Fri 09:00-18:00 Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hours.Covers(time.Date(2026, 3, 27, 8, 0, 0, 0, time.UTC))) // nine o'clock
	fmt.Println(hours.Covers(time.Date(2026, 3, 30, 7, 0, 0, 0, time.UTC))) // too, in summer
	_, err = metrics.ParseSchedule("Mo-Fr 9-18")
	fmt.Println(err)
	// Output:
	// true
	// true
	// metrics: schedule "Mo-Fr 9-18": "Mo-Fr" is neither days like Mon-Fri nor times like 09:00-18:00 nor a known time zone like Europe/Berlin
}

func ExampleRegistry_RatePerHour() {
	registry := new(metrics.Registry)
	registry.Counter("registrations").Inc()
	hours, _ := metrics.ParseSchedule("Mon-Fri 09:00-18:00 Europe/Berlin")
	registrations := registry.RatePerHour("registrations", time.Hour, hours) // a source for an alert on fewer than ten
	_, err := registrations(context.Background())
	fmt.Println(err != nil) // there is no hour to judge yet
	// Output: true
}

func ExampleRegistry_Compare() {
	registry := new(metrics.Registry)
	registry.Counter("orders").Inc()
	_, err := registry.Compare("orders", metrics.Rate, time.Hour, 24*time.Hour)
	fmt.Println(err != nil) // nothing is known of yesterday
	// Output: true
}

func ExampleRegistry_QueryRatio() {
	registry := new(metrics.Registry)
	half := registry.QueryRatio("orders", metrics.Rate, time.Hour, 24*time.Hour, metrics.Schedule{}) // a source for an alert below 0.5
	_, err := half(context.Background())
	fmt.Println(err)
	// Output: metrics: no data: there is no metric orders; there is one when its handle was got or Describe was called
}

func ExampleComparison() {
	ratio := 0.5
	c := metrics.Comparison{ // of Registry.Compare
		Figure: metrics.Increase, Ratio: &ratio,
		Now: metrics.Summary{Kind: metrics.KindCounter, Increase: 20}, Before: metrics.Summary{Kind: metrics.KindCounter, Increase: 40},
	}
	now, _ := c.Now.Value(c.Figure)
	before, _ := c.Before.Value(c.Figure)
	fmt.Println(now, "after", before, "is", *c.Ratio)
	// Output: 20 after 40 is 0.5
}
