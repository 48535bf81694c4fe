package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Session makes reads see the writes before them, whatever nodes they run on. The zero value is ready to use. It is safe for
// concurrent use.
//
//	ctx = cluster.WithSession(ctx, new(cluster.Session))
//	_, err := c.Writer().Exec(ctx, "insert ...") // remembers what was written
//	err = c.Reader().QueryRow(ctx, "select ...").Scan(&x) // sees it
//
// What it remembers is a [Token], which a cookie can carry from one request to the next. It is of what was written, and not of what
// was read: two reads may go back in time between two replicas, unless [Sticky] keeps them on one.
type Session struct {
	mu    sync.Mutex // guards token
	token Token
}

// Token returns what reads must see.
func (s *Session) Token() Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// Advance makes reads see what a token asks for, if that is more than before.
func (s *Session) Advance(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = s.token.Later(t)
}

// replace takes a token for another one, unless there is another one already.
func (s *Session) replace(was, is Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != was {
		return false
	}
	s.token = is
	return true
}

type sessionKey struct{}

// WithSession returns a context whose writes and reads are of a session.
func WithSession(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// SessionOf returns the session of a context, or nil.
func SessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// remember gives the session of ctx the token of what was written. It asks for the place after the commit: one from before is not
// behind it. It is where the log is written to in memory, because with synchronous_commit off the file is behind.
func (c *Cluster) remember(ctx context.Context, t *target, conn *pgxpool.Conn) {
	s := SessionOf(ctx)
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.ProbeTimeout)
	defer cancel()
	var place string
	err := conn.QueryRow(ctx, "select pg_current_wal_insert_lsn()::text").Scan(&place)
	lsn, errParse := ParseLSN(place)
	if err != nil || errParse != nil {
		lsn = ^LSN(0) // then only the primary will do
	}
	s.Advance(Token{t.timeline, lsn})
}

// catchUp waits until the node has replayed what a token asks for, and says whether it has.
func (c *Cluster) catchUp(ctx context.Context, conn *pgxpool.Conn, token Token) bool {
	const first, longest = time.Millisecond, 10 * time.Millisecond
	deadline := time.Now().Add(c.cfg.CatchUp)
	for pause := first; ; pause = min(2*pause, longest) {
		var reached bool
		if err := conn.QueryRow(ctx, "select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)", token.LSN.String()).Scan(&reached); err != nil || reached {
			return err == nil
		}
		if time.Until(deadline) < pause {
			return false
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
