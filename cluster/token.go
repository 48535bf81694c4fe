package cluster

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Token is what has been written: a read that has it sees that, on whatever node it runs. It is small and printable, so that it
// can travel in a cookie or a header. The zero value asks for nothing.
//
// It is a place in the log and the timeline that the place is of, because after a failover the same place may have other
// contents.
type Token struct {
	Timeline uint32
	LSN      LSN
}

// IsZero says whether the token asks for nothing.
func (t Token) IsZero() bool { return t == Token{} }

// String returns the token as in 2-16/B374D848, and nothing for the zero value.
func (t Token) String() string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatUint(uint64(t.Timeline), 10) + "-" + t.LSN.String()
}

// ParseToken reads what [Token.String] writes. Its errors do not repeat more than forty bytes of what was given, which may come
// from outside.
func ParseToken(s string) (Token, error) {
	if s == "" {
		return Token{}, nil
	}
	timeline, place, ok := strings.Cut(s, "-")
	t, err := strconv.ParseUint(timeline, 10, 32)
	lsn, errLSN := ParseLSN(place)
	if !ok || err != nil || errLSN != nil || t == 0 || strings.HasPrefix(timeline, "+") {
		return Token{}, fmt.Errorf("cluster: %.40q is no token: must be as in 2-16/B374D848, as String returns it", s)
	}
	return Token{uint32(t), lsn}, nil
}

// MarshalText returns what [Token.String] does.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText does what [ParseToken] does.
func (t *Token) UnmarshalText(text []byte) error {
	parsed, err := ParseToken(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}

// Later returns the one of two tokens that asks for more: a session that keeps it never goes back in time.
func (t Token) Later(other Token) Token {
	if cmp.Or(cmp.Compare(t.Timeline, other.Timeline), cmp.Compare(t.LSN, other.LSN)) < 0 {
		return other
	}
	return t
}
