package rotate

import (
	"fmt"
	"time"
)

// Period is a piece of the calendar. Its text is never, hourly, daily, weekly or monthly.
type Period int

// The periods. Days begin when the date changes, which is not always at midnight, and last 23 or 25 hours when the clocks
// change. Weeks begin on Monday. An hour begins when the minutes of the local clock are 0, so it may be half an hour long, or
// one and a half, where clocks change by that.
const (
	Never Period = iota
	Hourly
	Daily
	Weekly
	Monthly
)

var periods = [...]string{"never", "hourly", "daily", "weekly", "monthly"}

// String returns the text of the period.
func (p Period) String() string {
	if p < 0 || int(p) >= len(periods) {
		return fmt.Sprintf("Period(%d)", int(p))
	}
	return periods[p]
}

// MarshalText returns the text of the period.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returns. Empty is never.
func (p *Period) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Never
		return nil
	}
	for i, name := range periods {
		if name == string(text) {
			*p = Period(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not never, hourly, daily, weekly or monthly", text)
}

// Next returns when the period after that of t begins in a time zone, the zero time if there are none.
func (p Period) Next(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	switch p {
	case Hourly:
		_, offset := t.Zone()
		local := t.Unix() + int64(offset)
		hour := local - mod(local, 3600) + 3600
		return time.Unix(hour-int64(offset), 0).In(zone)
	case Daily:
		return first(t, 50*time.Hour, date)
	case Weekly:
		return first(t, 9*24*time.Hour, monday)
	case Monthly:
		return first(t, 34*24*time.Hour, func(t time.Time) int { return date(t) / 100 })
	}
	return time.Time{}
}

func mod(a, b int64) int64 { return (a%b + b) % b }

// date returns a number that grows with the date.
func date(t time.Time) int {
	year, month, day := t.Date()
	return (year*100+int(month))*100 + day
}

// monday returns the date of the week's Monday.
func monday(t time.Time) int {
	year, month, day := t.Date()
	return date(time.Date(year, month, day-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC))
}

// first finds the second after t, within a limit, at which key becomes larger. Constructing midnight would not do: there are
// days that begin at 1 o'clock, and some that have midnight twice.
func first(t time.Time, limit time.Duration, key func(time.Time) int) time.Time {
	was, low, high := key(t), t.Unix(), t.Add(limit).Unix()
	for high-low > 1 {
		middle := low + (high-low)/2
		if key(time.Unix(middle, 0).In(t.Location())) > was {
			high = middle
		} else {
			low = middle
		}
	}
	return time.Unix(high, 0).In(t.Location())
}
