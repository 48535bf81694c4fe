package cluster

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// outcomeOf says what the error of a probe says about the node. A node that answers that it does not want us lives: who takes
// a wrong password for a death promotes another one.
func outcomeOf(err error) outcome {
	if err == nil {
		return answered
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "58"), strings.HasPrefix(pg.Code, "XX"): // goes down, comes up, cannot read its files
			return failed
		case strings.HasPrefix(pg.Code, "08"): // a pooler does not reach it
			return failed
		case pg.Code == "55000": // it was promoted between two functions
			return unchanged
		}
		return unchanged
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return refused
	}
	return failed
}

// effect is what an error says about whether a statement was executed.
type effect uint8

const (
	executed   effect = iota // it was, or the server says why not: the caller's business
	unsent                   // the server has not got it, or refused to take it
	notPrimary               // the server cannot write
	unknown                  // nobody can tell
)

// effectOf says what the error of a statement says. sent is whether it may have been sent.
func effectOf(err error, conn *pgconn.PgConn) effect {
	if err == nil {
		if wasUnreplicated(conn) {
			return unknown
		}
		return executed
	}
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, pgx.ErrTooManyRows) {
		return executed
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pg.Code == "25006":
			return notPrimary
		case notForwarded(pg):
			return unsent
		case pg.Severity == "ERROR" || pg.SeverityUnlocalized == "ERROR":
			return executed
		}
		return unknown
	}
	if wasUnsent(err, conn) {
		return unsent
	}
	if conn != nil && !conn.IsClosed() && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return executed // of pgx, such as an argument that it cannot encode
	}
	return unknown
}

// notForwarded says whether PgBouncer has given up to find a server for a statement, which none has got then. What it says when a server
// breaks that has one has the same code.
func notForwarded(pg *pgconn.PgError) bool {
	return pg.Code == "08P01" && pg.Severity == "FATAL" && (pg.Message == "query_wait_timeout" || strings.HasSuffix(pg.Message, "(server_login_retry)"))
}

// wasUnsent says whether a statement certainly was not sent. A driver's word on that is good only while the connection is open:
// that of pgx 5.12 says "conn closed", and that it is safe to try again, of a statement without arguments whose answer
// was lost.
func wasUnsent(err error, conn *pgconn.PgConn) bool {
	if err == nil || conn == nil {
		return false
	}
	if !conn.IsClosed() {
		return pgconn.SafeToRetry(err)
	}
	c := connectionOf(conn)
	return c != nil && c.sent.Load() == c.mark.Load()
}

// unreplicated is what a connection remembers when the server said that a commit did not wait for its standbys.
const unreplicated = "cluster: unreplicated"

// guard watches for the notice that a commit was not replicated although it is acknowledged: with a cancelled wait for the
// synchronous standbys the server reports success.
func guard(c *pgx.ConnConfig) {
	next := c.OnNotice
	c.OnNotice = func(conn *pgconn.PgConn, n *pgconn.Notice) {
		if n.Routine == "SyncRepWaitForLSN" {
			conn.CustomData()[unreplicated] = true
		}
		if next != nil {
			next(conn, n)
		}
	}
}

// wasUnreplicated says whether there was such a notice since the last call.
func wasUnreplicated(conn *pgconn.PgConn) bool {
	if conn == nil {
		return false
	}
	data := conn.CustomData()
	if _, ok := data[unreplicated]; !ok {
		return false
	}
	delete(data, unreplicated)
	return true
}
