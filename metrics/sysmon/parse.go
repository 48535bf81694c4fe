package sysmon

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number reads a file that holds one number that is not negative, or "max", which is infinity.
func number(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if text == "max" {
		return math.Inf(1), nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number", text)
	}
	return float64(n), nil
}

// quota reads a file that holds one number, of which negative ones mean none: infinity.
func quota(text string) (float64, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "-") {
		return math.Inf(1), nil
	}
	return number(text)
}

// bandwidth reads a cpu.max, "quota period", and returns how many CPUs that is, infinity when there is no quota.
func bandwidth(text string) (float64, error) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, fmt.Errorf("%.40q is no quota and period", text)
	}
	q, err := number(fields[0])
	if err != nil {
		return 0, err
	}
	period, err := number(fields[1])
	if err != nil {
		return 0, err
	}
	return cpus(q, period)
}

// cpus returns how many CPUs a quota in a period is.
func cpus(q, period float64) (float64, error) {
	if period <= 0 || math.IsInf(period, 1) {
		return 0, fmt.Errorf("the period is %g", period)
	}
	if q == 0 {
		return 0, errors.New("the quota is 0")
	}
	return q / period, nil
}

// flat reads a file of lines "name number". Lines of another form are left out: kernels add some.
func flat(text string) (map[string]float64, error) {
	found := make(map[string]float64)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(value, 10, 64); err == nil && name != "" {
			found[name] = float64(n)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no line is a name and a number")
	}
	return found, nil
}

// listed counts the numbers of a list such as "0-3,8".
func listed(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	var count float64
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, err := strconv.ParseUint(first, 10, 32)
		to := from
		if ranged && err == nil {
			to, err = strconv.ParseUint(last, 10, 32)
		}
		if err != nil || to < from {
			return 0, fmt.Errorf("%.40q is no list of CPUs", text)
		}
		count += float64(to-from) + 1
	}
	return count, nil
}

// stalls reads a file of pressure: the lines "some" and, except for the CPU of old kernels, "full".
func stalls(text string) (Stall, error) {
	var s Stall
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var ratio, seconds *float64
		for _, field := range fields[1:] {
			name, value, _ := strings.Cut(field, "=")
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || !(n >= 0) || math.IsInf(n, 1) {
				continue
			}
			switch name {
			case "avg10":
				ratio = new(min(n/100, 1))
			case "total":
				seconds = new(n / 1e6)
			}
		}
		switch fields[0] {
		case "some":
			s.Some, s.SomeSeconds = ratio, seconds
		case "full":
			s.Full, s.FullSeconds = ratio, seconds
		}
	}
	if s.Some == nil {
		return Stall{}, errors.New(`no line is "some avg10=…"`)
	}
	return s, nil
}
