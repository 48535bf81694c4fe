package cluster

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a place in the write-ahead log: the number of bytes before it. Two of them can only be compared when they are of the
// same timeline, or of one that grew out of the other before both.
type LSN uint64

// String returns the place as PostgreSQL writes it, as in 16/B374D848.
func (l LSN) String() string {
	return strings.ToUpper(strconv.FormatUint(uint64(l>>32), 16) + "/" + strconv.FormatUint(uint64(l&0xffffffff), 16))
}

// ParseLSN reads a place as PostgreSQL writes it.
func ParseLSN(s string) (LSN, error) {
	high, low, ok := strings.Cut(s, "/")
	h, errHigh := parseHex(high)
	l, errLow := parseHex(low)
	if !ok || errHigh != nil || errLow != nil {
		return 0, fmt.Errorf("cluster: %.40q is no place in the write-ahead log: must be two numbers of at most eight hexadecimal digits as in 16/B374D848", s)
	}
	return LSN(h)<<32 | LSN(l), nil
}

func parseHex(s string) (uint64, error) {
	if strings.HasPrefix(s, "+") || len(s) > 8 {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(s, 16, 32)
}

// MarshalText returns what [LSN.String] does.
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText does what [ParseLSN] does.
func (l *LSN) UnmarshalText(text []byte) error {
	parsed, err := ParseLSN(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

// before returns how many bytes l is before m, and 0 when it is not.
func (l LSN) before(m LSN) uint64 {
	if l >= m {
		return 0
	}
	return uint64(m - l)
}
