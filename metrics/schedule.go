package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Schedule is when something is expected to happen, such as on working days from nine to six. The zero value is always.
//
// It goes by the clocks of its Location. An hour that they skip when summer time begins is not there, one that they repeat when
// it ends is covered twice. As a text it is the days, the times and the time zone, each of which may be left out:
//
//	Mon-Fri 09:00-18:00 Europe/Berlin
//	Mon-Thu,Sat 22:00-06:00 UTC
//	Sat,Sun
//	always
//
// Only UnmarshalText changes a Schedule; the other methods are safe for concurrent use.
type Schedule struct {
	// Days are those on which it begins. None is every day.
	Days []time.Weekday
	// From and To are times of day: From 0 to less than 24 hours, To at most 24. A To that is not after From is one of the next
	// day, which belongs to the day before: with From and To equal it is 24 hours. To itself is not covered.
	From, To time.Duration
	// Location is whose clocks count. Nil is UTC.
	Location *time.Location
}

// ParseSchedule reads what [Schedule.String] writes. Times may have seconds. Names of time zones are looked for where
// [time.LoadLocation] does: a container without them needs package time/tzdata in the program.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	fields := strings.Fields(text)
	if len(fields) == 1 && strings.EqualFold(fields[0], "always") {
		return s, nil
	}
	for _, parse := range [...]func(*Schedule, string) (ok bool, err error){parseDays, parseTimes, parseLocation} {
		if len(fields) == 0 {
			break
		}
		ok, err := parse(&s, fields[0])
		if err != nil {
			return Schedule{}, fmt.Errorf("metrics: schedule %q: %w", text, err)
		}
		if ok {
			fields = fields[1:]
		}
	}
	if len(fields) > 0 {
		return Schedule{}, fmt.Errorf("metrics: schedule %q: %q is too much after days, times and a time zone", text, fields[0])
	}
	return s, nil
}

// weekday returns the day that a text of three letters stands for.
func weekday(text string) (time.Weekday, bool) {
	for d := range time.Weekday(7) {
		if strings.EqualFold(text, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

func parseDays(s *Schedule, text string) (ok bool, _ error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, ok := weekday(first)
		to := from
		if isRange && ok {
			to, ok = weekday(last)
		}
		if !ok {
			return false, nil
		}
		days = append(days, from)
		for d := from; d != to; {
			d = (d + 1) % 7
			days = append(days, d)
		}
	}
	s.Days = days
	return true, nil
}

func parseTimes(s *Schedule, text string) (ok bool, err error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange || !strings.Contains(text, ":") {
		return false, nil
	}
	if s.From, ok = timeOfDay(from); !ok || s.From == day {
		return false, fmt.Errorf("%q is no time of day like 09:00", from)
	}
	if s.To, ok = timeOfDay(to); !ok {
		return false, fmt.Errorf("%q is no time of day like 18:00", to)
	}
	return true, nil
}

const (
	clockLayout  = "15:04"
	secondLayout = "15:04:05.999999999"
)

func timeOfDay(text string) (time.Duration, bool) {
	if text == "24:00" {
		return day, true
	}
	for _, layout := range [...]string{clockLayout, secondLayout} {
		if t, err := time.Parse(layout, text); err == nil {
			return sinceMidnight(t), true
		}
	}
	return 0, false
}

func parseLocation(s *Schedule, text string) (ok bool, err error) {
	if s.Location, err = time.LoadLocation(text); err != nil {
		return false, fmt.Errorf("%q is neither days like Mon-Fri nor times like 09:00-18:00 nor a known time zone like Europe/Berlin", text)
	}
	return true, nil
}

// Validate returns all that is wrong, joined. Nothing that [ParseSchedule] returns is.
func (s Schedule) Validate() error {
	var errs []error
	for _, d := range s.Days {
		if d < time.Sunday || d > time.Saturday {
			errs = append(errs, fmt.Errorf("a day is %d: must be a day of the week, from 0 to 6", int(d)))
		}
	}
	for _, bound := range [...]struct {
		name        string
		value, most time.Duration
	}{{"From", s.From, day - 1}, {"To", s.To, day}} {
		if bound.value < 0 || bound.value > bound.most {
			errs = append(errs, fmt.Errorf("%s is %v: must be a time of day, from 0 to %v", bound.name, bound.value, bound.most))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("metrics: invalid schedule:\n%w", errors.Join(errs...))
	}
	return nil
}

// Covers says whether a time is within the schedule.
func (s Schedule) Covers(t time.Time) bool {
	t = t.In(s.location())
	clock, today := sinceMidnight(t), t.Weekday()
	if s.From < s.To {
		return s.isOn(today) && s.From <= clock && clock < s.To
	}
	return s.isOn(today) && s.From <= clock || s.isOn((today+6)%7) && clock < s.To
}

// coversAll says whether all the time between two, without the last moment, is within the schedule. It goes from one time at
// which that may change to the next: the bounds, midnight, and where the clocks are set.
func (s Schedule) coversAll(from, to time.Time) bool {
	for t := from.In(s.location()); t.Before(to); {
		if !s.Covers(t) {
			return false
		}
		clock, next := sinceMidnight(t), day
		for _, bound := range [...]time.Duration{s.From, s.To} {
			if bound > clock {
				next = min(next, bound)
			}
		}
		step := next - clock
		if _, set := t.ZoneBounds(); !set.IsZero() {
			step = min(step, set.Sub(t))
		}
		t = t.Add(step)
	}
	return true
}

func (s Schedule) isOn(d time.Weekday) bool { return len(s.Days) == 0 || slices.Contains(s.Days, d) }

func (s Schedule) location() *time.Location {
	if s.Location == nil {
		return time.UTC
	}
	return s.Location
}

// sinceMidnight is the time of day that clocks show.
func sinceMidnight(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}

// String returns the schedule as [ParseSchedule] reads it, if [time.LoadLocation] knows the Location by its name: one of
// [time.FixedZone] is not read back, or as another one of that name.
func (s Schedule) String() string {
	var parts []string
	if len(s.Days) > 0 {
		parts = append(parts, s.days())
	}
	if s.From != 0 || s.To != 0 {
		parts = append(parts, clockText(s.From)+"-"+clockText(s.To))
	}
	if s.Location != nil {
		parts = append(parts, s.Location.String())
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, " ")
}

// days writes three days and more that follow each other as a range.
func (s Schedule) days() string {
	var parts []string
	name := func(i int) string { return time.Weekday(i % 7).String()[:3] }
	for first := 1; first <= 7; first++ { // from Monday
		last := first - 1
		for last < 7 && slices.Contains(s.Days, time.Weekday((last+1)%7)) {
			last++
		}
		switch {
		case last >= first+2:
			parts = append(parts, name(first)+"-"+name(last))
			first = last
		case last >= first:
			parts = append(parts, name(first))
		}
	}
	return strings.Join(parts, ",")
}

func clockText(d time.Duration) string {
	switch {
	case d == day:
		return "24:00"
	case d%time.Minute == 0:
		return time.Time{}.Add(d).Format(clockLayout)
	}
	return time.Time{}.Add(d).Format(secondLayout)
}

// MarshalText returns [Schedule.String].
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is [ParseSchedule], so that a Schedule can be a part of a configuration. An empty text is always.
func (s *Schedule) UnmarshalText(text []byte) error {
	parsed, err := ParseSchedule(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}
