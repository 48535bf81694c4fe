package envcfg

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Bytes is a number of bytes, written as "10MB" (10 million), "10MiB", "10Mi" or "10M" (10 times 1024 times 1024), or a
// plain number of bytes.
type Bytes int64

// UnmarshalText reads a size; see [Bytes].
func (b *Bytes) UnmarshalText(text []byte) error {
	n, reason := parseBytes(string(text))
	if reason != "" {
		return textError(reason)
	}
	*b = n
	return nil
}

// MarshalText writes the size as [Bytes.String] does.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String returns the size with the largest unit that leaves a whole number: "10MiB", "1500B".
func (b Bytes) String() string {
	n, unit := int64(b), "B"
	for _, u := range [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}

type textError string

func (e textError) Error() string { return "size " + string(e) }

const badSize = "is not a size, like 10MB, 512KiB or 1048576"

// parseBytes reads a size. Letters may be of either case.
func parseBytes(text string) (Bytes, string) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' && r != '+' })
	unit := ""
	if end >= 0 {
		text, unit = text[:end], strings.ToUpper(strings.TrimSpace(text[end:]))
	}
	factor, ok := int64(1), true
	switch unit {
	case "", "B":
	case "KB":
		factor = 1e3
	case "MB":
		factor = 1e6
	case "GB":
		factor = 1e9
	case "TB":
		factor = 1e12
	case "PB":
		factor = 1e15
	case "K", "KI", "KIB":
		factor = 1 << 10
	case "M", "MI", "MIB":
		factor = 1 << 20
	case "G", "GI", "GIB":
		factor = 1 << 30
	case "T", "TI", "TIB":
		factor = 1 << 40
	case "P", "PI", "PIB":
		factor = 1 << 50
	default:
		ok = false
	}
	if !ok {
		return 0, badSize
	}
	if n, err := strconv.ParseInt(number(text), 10, 64); err == nil {
		if n > math.MaxInt64/factor || n < math.MinInt64/factor {
			return 0, "is too large"
		}
		return Bytes(n * factor), ""
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f*float64(factor) != math.Trunc(f*float64(factor)) || math.Abs(f*float64(factor)) >= 1<<62 {
		return 0, badSize
	}
	return Bytes(f * float64(factor)), ""
}

// parseDuration reads a duration: Go's notation with weeks and days in front, a bare number in the field's unit, or "off",
// "none" and -1, which packages of this library take as no limit.
func parseDuration(text, unit string) (time.Duration, string) {
	text = strings.TrimSpace(text)
	if text == "-1" || strings.EqualFold(text, "off") || strings.EqualFold(text, "none") {
		return -1, ""
	}
	if d, err := time.ParseDuration(text); err == nil {
		return d, ""
	}
	if n, err := strconv.ParseFloat(number(text), 64); err == nil {
		scale, ok := unitOf(unit)
		if !ok {
			return 0, "has no unit: write it like 30s, 5m or 1h30m"
		}
		if whole, err := strconv.ParseInt(number(text), 10, 64); err == nil && whole <= math.MaxInt64/int64(scale) && whole >= math.MinInt64/int64(scale) {
			return time.Duration(whole) * scale, ""
		}
		if !(math.Abs(n) < float64(math.MaxInt64)/float64(scale)) { // nor is it no number
			return 0, "is too long"
		}
		return time.Duration(n * float64(scale)), ""
	}
	if d, ok := parseDays(text); ok {
		return d, ""
	}
	return 0, "is not a duration, like 30s, 5m, 1h30m or 7d"
}

// parseDays reads weeks and days in front of Go's notation: 2w, 1.5d, 1w2d or 1d12h.
func parseDays(text string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	if rest == "" {
		return 0, false
	}
	var total time.Duration
	for _, u := range [...]struct {
		letter string
		scale  time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		count, after, ok := strings.Cut(rest, u.letter)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(count, 64)
		if err != nil || strings.Trim(count, "0123456789.") != "" || n*float64(u.scale) >= float64(math.MaxInt64-total) {
			return 0, false
		}
		total, rest = total+time.Duration(n*float64(u.scale)), after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || rest[0] == '-' || rest[0] == '+' || rest == "0" || d > math.MaxInt64-total {
			return 0, false
		}
		total += d
	}
	if negative {
		total = -total
	}
	return total, true
}

func unitOf(name string) (time.Duration, bool) {
	switch name {
	case "ns":
		return time.Nanosecond, true
	case "us":
		return time.Microsecond, true
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return 24 * time.Hour, true
	}
	return 0, false
}
