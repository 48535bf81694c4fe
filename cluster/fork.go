package cluster

import (
	"context"
	"fmt"
)

// TokenLostError says that a [Session] asks for what the primary's timeline does not have: the primary that it was written to was
// replaced by one that had not got all of its log. What was acknowledged by synchronous standbys is there all the same,
// but nobody can tell. It matches [ErrTokenLost], and a session is told once.
//
// It can only be known when the promotion was seen: where the new timeline began is what the new primary has replayed, and a restart
// forgets it. Where it is not known, the session sees what the new primary has.
type TokenLostError struct {
	// Token is what the session asked for.
	Token Token
	// Timeline is that of the primary, and Forked the last place that it shares with that of the token.
	Timeline uint32
	Forked   LSN
}

// Error says what was lost.
func (e *TokenLostError) Error() string {
	return fmt.Sprintf("%v: it asks for %v, and the primary of timeline %d has that log up to %v", ErrTokenLost, e.Token, e.Timeline, e.Forked)
}

// Unwrap returns [ErrTokenLost].
func (e *TokenLostError) Unwrap() error { return ErrTokenLost }

// fork is where a timeline began on another one.
type fork struct {
	parent uint32
	at     LSN
}

// forkMap is what is known of where timelines began.
type forkMap map[uint32]fork

// lost says whether a token is beyond what its timeline shares with another, newer one, and where that ends. It is false when it
// is not known.
func (m forkMap) lost(t Token, timeline uint32) (forked LSN, lost bool) {
	for t.Timeline < timeline {
		f, known := m[timeline]
		switch {
		case !known, f.parent >= timeline:
			return 0, false
		case f.parent == t.Timeline:
			return f.at, t.LSN > f.at
		case f.parent < t.Timeline: // the token is of a timeline that came to nothing
			own, known := m[t.Timeline]
			if !known || own.parent >= t.Timeline {
				return 0, false
			}
			if t.LSN > own.at {
				return min(own.at, f.at), true
			}
			t.Timeline = own.parent
		default:
			timeline = f.parent
		}
	}
	return 0, false
}

// checkToken counts a session whose token is lost, and goes on with what there is.
func (c *Cluster) checkToken(ctx context.Context) error {
	s := SessionOf(ctx)
	if s == nil {
		return nil
	}
	t, token := c.topology.Load(), s.Token()
	if token.Timeline >= t.timeline || t.forks == nil {
		return nil
	}
	forked, lost := t.forks.lost(token, t.timeline)
	if !lost || !s.replace(token, Token{t.timeline, forked}) {
		return nil
	}
	c.losses.Add(1)
	if !c.cfg.RefuseLost {
		return nil
	}
	return &TokenLostError{token, t.timeline, forked}
}
