package metrics_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

func schedule(tb testing.TB, text string) metrics.Schedule {
	tb.Helper()
	s, err := metrics.ParseSchedule(text)
	require.NoError(tb, err)
	return s
}

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	location, err := time.LoadLocation("Europe/Berlin")
	require.NoError(tb, err)
	return location
}

func TestScheduleText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "always",
		" Always ":                          "always",
		"Mon-Fri 09:00-18:00 Europe/Berlin": "",
		"mon,TUE,wed,Fri 9:30-18:00":        "Mon-Wed,Fri 09:30-18:00",
		"Sat-Mon":                           "Mon,Sat,Sun",
		"Sun,Sat,Sat":                       "Sat,Sun",
		"Thu-Wed":                           "Mon-Sun",
		"22:00-06:00 UTC":                   "",
		"22:00-00:00":                       "",
		"00:00-24:00":                       "",
		"00:00-00:00":                       "always",
		"Fri-Sun 08:00-08:00":               "",
		"08:00:30-09:00:00.25":              "08:00:30-09:00:00.25",
		"Asia/Kathmandu":                    "",
		"Tue America/New_York":              "",
	} {
		if want == "" && text != "" {
			want = text
		}
		s := schedule(t, text)
		require.Equal(t, want, s.String(), text)
		require.NoError(t, s.Validate(), text)
		again := schedule(t, want)
		require.Equal(t, want, again.String())
		for at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC); at.Before(time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC)); at = at.Add(30*time.Minute - time.Second) {
			require.Equal(t, s.Covers(at), again.Covers(at), "%s at %v", text, at)
		}
	}
	for text, why := range map[string]string{
		"Mo-Fr 09:00-18:00":         `"Mo-Fr" is neither days like Mon-Fri nor times like 09:00-18:00 nor a known time zone like Europe/Berlin`,
		"Mon-":                      `"Mon-" is neither`,
		"Mon 09:00":                 `"09:00" is neither`,
		"Mon 09:00-25:00":           `"25:00" is no time of day like 18:00`,
		"Mon 24:00-06:00":           `"24:00" is no time of day like 09:00`,
		"Mon 09:0x-10:00":           `"09:0x" is no time of day like 09:00`,
		"09:00-18:00 Mon":           `"Mon" is neither`,
		"Mon 09:00-18:00 Europa":    `"Europa" is neither`,
		"Mon 09:00-18:00 UTC later": `"later" is too much`,
		"always UTC":                `"always" is neither`,
		"Mon 09:00-18:00 ../zone":   `"../zone" is neither`,
	} {
		s := schedule(t, "Sat")
		require.ErrorContains(t, s.UnmarshalText([]byte(text)), fmt.Sprintf("metrics: schedule %q: %s", text, why))
		require.Equal(t, "Sat", s.String(), "it is not changed")
	}
	var decoded struct{ Hours metrics.Schedule }
	require.NoError(t, json.Unmarshal([]byte(`{"Hours": "Mon-Fri 09:00-18:00 UTC"}`), &decoded))
	encoded, err := json.Marshal(decoded)
	require.NoError(t, err)
	require.JSONEq(t, `{"Hours": "Mon-Fri 09:00-18:00 UTC"}`, string(encoded))
}

func TestScheduleValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, metrics.Schedule{}.Validate())
	err := metrics.Schedule{Days: []time.Weekday{7, time.Monday, -1}, From: 24 * time.Hour, To: 25 * time.Hour}.Validate()
	require.EqualError(t, err, "metrics: invalid schedule:\na day is 7: must be a day of the week, from 0 to 6\na day is -1: must be a day of the week, from 0 to 6\n"+
		"From is 24h0m0s: must be a time of day, from 0 to 23h59m59.999999999s\nTo is 25h0m0s: must be a time of day, from 0 to 24h0m0s")
	require.Error(t, metrics.Schedule{From: -1}.Validate())
	require.Error(t, metrics.Schedule{To: -1}.Validate())
	require.NoError(t, metrics.Schedule{From: 24*time.Hour - 1, To: 24 * time.Hour}.Validate())
}

func TestScheduleCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule, at string // in RFC 3339
		want         bool
	}{
		{"always", "2026-03-29T02:30:00Z", true},
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-27T07:59:59Z", false}, // winter: 08:59:59
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-27T08:00:00Z", true},
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-27T16:59:59Z", true},
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-27T17:00:00Z", false},
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-28T10:00:00Z", false}, // Saturday
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-30T06:59:59Z", false}, // summer: 08:59:59
		{"Mon-Fri 09:00-18:00 Europe/Berlin", "2026-03-30T07:00:00Z", true},
		{"Mon-Fri 09:00-18:00", "2026-03-30T08:59:59+00:00", false},
		{"Fri 22:00-06:00", "2026-03-27T05:00:00Z", false}, // the night before
		{"Fri 22:00-06:00", "2026-03-27T22:00:00Z", true},
		{"Fri 22:00-06:00", "2026-03-28T05:59:59Z", true}, // is Friday's night
		{"Fri 22:00-06:00", "2026-03-28T06:00:00Z", false},
		{"Fri 22:00-06:00", "2026-03-28T22:00:00Z", false},
		{"Sun 22:00-06:00", "2026-03-30T01:00:00Z", true},
		{"Mon 09:00-09:00", "2026-03-30T08:59:59Z", false},
		{"Mon 09:00-09:00", "2026-03-31T08:59:59Z", true},
		{"Mon 09:00-09:00", "2026-03-31T09:00:00Z", false},
		{"Sat,Sun", "2026-03-28T00:00:00Z", true},
		{"Sat,Sun", "2026-03-30T00:00:00Z", false},
		{"Sun 02:30-03:30 Europe/Berlin", "2026-03-29T00:59:59Z", false}, // 01:59:59, and then it is three
		{"Sun 02:30-03:30 Europe/Berlin", "2026-03-29T01:00:00Z", true},
		{"Sun 02:30-03:30 Europe/Berlin", "2026-03-29T01:30:00Z", false},
		{"Sun 02:30-03:00 Europe/Berlin", "2026-10-25T00:29:59Z", false}, // 02:29:59
		{"Sun 02:30-03:00 Europe/Berlin", "2026-10-25T00:30:00Z", true},
		{"Sun 02:30-03:00 Europe/Berlin", "2026-10-25T01:00:00Z", false}, // two o'clock again
		{"Sun 02:30-03:00 Europe/Berlin", "2026-10-25T01:30:00Z", true},
		{"Sun 02:30-03:00 Europe/Berlin", "2026-10-25T02:00:00Z", false},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		require.Equal(t, c.want, schedule(t, c.schedule).Covers(at), "%s at %s", c.schedule, c.at)
	}
}

// What is said of a span is what is said of each of its minutes, also where clocks are set: by an hour, by half an hour, at
// midnight.
func TestScheduleCoversAll(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var seen [2]int
	for range 4000 {
		zone := []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/New_York", "Asia/Kathmandu"}[random.IntN(6)]
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		s := metrics.Schedule{Location: location}
		if random.IntN(2) == 0 {
			s.From, s.To = time.Duration(random.IntN(96))*15*time.Minute, time.Duration(random.IntN(97))*15*time.Minute
		}
		for d := range time.Weekday(7) {
			if random.IntN(4) > 0 {
				s.Days = append(s.Days, d)
			}
		}
		month, first := time.Month(1+random.IntN(12)), 20+random.IntN(14)
		from := time.Date(2026, month, first, random.IntN(24), random.IntN(60), 0, 0, time.UTC)
		to := from.Add(time.Duration(random.IntN(1500)) * time.Minute)
		want := true
		for at := from; at.Before(to) && want; at = at.Add(time.Minute) {
			want = s.Covers(at) && s.Covers(at.Add(time.Minute-1))
		}
		require.Equal(t, want, s.CoversAll(from, to), "%s from %v to %v", s, from.In(location), to.In(location))
		seen[map[bool]int{true: 1}[want]]++
	}
	require.Greater(t, slices.Min(seen[:]), 200)
}

// A day of 23 hours is over an hour earlier, one of 25 an hour later.
func TestScheduleCoversAllOfShortDays(t *testing.T) {
	t.Parallel()
	s := schedule(t, "00:30-24:00 Europe/Berlin") // but for half an hour after midnight
	for _, c := range []struct {
		month    time.Month
		first    int
		ends     int // minutes after the next midnight
		coversIt bool
	}{{3, 28, 0, true}, {3, 28, 1, false}, {3, 28, 120, false}, {3, 29, 0, true}, {3, 29, 1, false}, {3, 29, 120, false}, {10, 25, 0, true}, {10, 25, 1, false}, {10, 25, 120, false}} {
		from := time.Date(2026, c.month, c.first, 0, 30, 0, 0, berlin(t))
		to := time.Date(2026, c.month, c.first+1, 0, c.ends, 0, 0, berlin(t))
		require.Equal(t, c.coversIt, s.CoversAll(from, to), "%v to %v", from, to)
	}
}

// What is no schedule hangs nobody.
func TestScheduleOfNonsense(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{-time.Hour, 0, 25 * time.Hour, 1 << 62} {
		for _, e := range []time.Duration{-time.Hour, 0, 25 * time.Hour, 1 << 62} {
			s := metrics.Schedule{Days: []time.Weekday{-1, 9, 0, 6}, From: d, To: e}
			_, _, _ = s.String(), s.Covers(from), s.CoversAll(from, from.Add(48*time.Hour))
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, text := range []string{"Mon-Fri 09:00-18:00 Europe/Berlin", "always", "Sat 22:00-06:00", "00:00:01-24:00 UTC"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := metrics.ParseSchedule(text)
		if err != nil {
			return
		}
		require.NoError(t, s.Validate())
		again, err := metrics.ParseSchedule(s.String())
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
		require.Equal(t, [2]time.Duration{s.From, s.To}, [2]time.Duration{again.From, again.To})
	})
}
