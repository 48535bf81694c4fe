package pgxmon

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Outcomes.
const (
	outcomeOK       = "ok"
	outcomeError    = "error"
	outcomeCanceled = "canceled" // the caller's context was
	outcomeTimeout  = "timeout"  // the caller's deadline has passed, or another of the client
)

// Classes of errors that have no SQLSTATE, or one that is not PostgreSQL's.
const (
	classCanceled   = "canceled"
	classTimeout    = "timeout"
	classConnection = "connection"
	classCustom     = "custom"
	classOther      = "other"
)

// queryCanceled is the SQLSTATE of a statement that a timeout of the server ended, or a request to cancel it.
const queryCanceled = "57014"

// states are the classes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
const states = "00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 " +
	"58 72 F0 HV P0 XX "

// judge says how an operation ended: the outcome, and, unless that is ok, the class of the error. closed says whether it
// left the connection closed.
func judge(ctx context.Context, err error, closed bool) (outcome, class string) {
	if err == nil || errors.Is(err, pgx.ErrNoRows) {
		return outcomeOK, ""
	}
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, &pg):
		return outcomeOf(ctx, pg), classOf(pg.Code)
	case errors.Is(err, context.Canceled):
		return outcomeCanceled, classCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return outcomeTimeout, classTimeout
	case errors.Is(err, syscall.ETIMEDOUT): // of the kernel: the peer is gone
		return outcomeError, classConnection
	case pgconn.Timeout(err), errors.As(err, &network) && network.Timeout():
		return outcomeTimeout, classTimeout
	case closed, isConnection(err):
		return outcomeError, classConnection
	}
	return outcomeError, classOther
}

// outcomeOf tells the server's own cancel from one that it was asked for by pgconn.CancelRequestContextWatcherHandler.
func outcomeOf(ctx context.Context, err *pgconn.PgError) string {
	if err.Code == queryCanceled {
		switch ctx.Err() {
		case context.Canceled:
			return outcomeCanceled
		case context.DeadlineExceeded:
			return outcomeTimeout
		}
	}
	return outcomeError
}

func classOf(state string) string {
	if len(state) == 5 {
		if i := strings.Index(states, state[:2]); i >= 0 && i%3 == 0 {
			return states[i : i+2]
		}
	}
	return classCustom
}

func isConnection(err error) bool {
	var connect *pgconn.ConnectError
	var op *net.OpError
	return errors.As(err, &connect) || errors.As(err, &op) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
