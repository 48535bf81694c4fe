package pool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Cause is why a connection could not be made.
type Cause string

// The values of [Cause].
const (
	CauseUnknown        Cause = "unknown"
	CauseRefused        Cause = "connection refused"
	CauseDNS            Cause = "name not found"
	CauseTimeout        Cause = "no answer"
	CauseReset          Cause = "connection closed by the other side"
	CauseTLS            Cause = "TLS failed"
	CauseTLSUnavailable Cause = "server does not offer TLS"
	CausePassword       Cause = "wrong user or password" //nolint:gosec // no credential
	CauseNotAllowed     Cause = "not allowed to connect"
	CauseNoDatabase     Cause = "no such database"
	CauseSettings       Cause = "setting refused"
	CauseRole           Cause = "no server in the wanted role"
	CauseNotPostgreSQL  Cause = "not PostgreSQL"
	CauseTooManyClients Cause = "too many clients"
	CauseStarting       Cause = "server is starting up or shutting down"
	CausePasswordSource Cause = "password source failed"
	CauseHook           Cause = "connect hook failed"
)

// Remedy returns what to look at, in one sentence.
func (c Cause) Remedy() string {
	switch c {
	case CauseRefused:
		return "nothing listens there: check host and port (DB_HOST, DB_PORT), and that the server runs and listens on that address"
	case CauseDNS:
		return "check the host name (DB_HOST) and the resolver of this machine"
	case CauseTimeout:
		return "a firewall drops the packets, or the server hangs: check the network path and the server's load"
	case CauseReset:
		return "the server crashed, or what listens there is not PostgreSQL: look at the server's log"
	case CauseTLS:
		return "check sslmode (DB_SSL_MODE), the root certificate (DB_SSL_ROOT_CERT) and that the server's certificate names this host"
	case CauseTLSUnavailable:
		return "enable ssl on the server, or set sslmode=disable (DB_SSL_MODE) if the network is trusted; what is not PostgreSQL refuses it too"
	case CausePassword:
		return "check user and password (DB_USER, DB_PASSWORD); a rotated password needs PasswordFunc or a restart"
	case CauseNotAllowed:
		return "pg_hba.conf has no entry for this host, user, database and TLS use, the role lacks LOGIN or CONNECT, " +
			"the database allows no connections, or the socket's directory is closed to this program"
	case CauseNoDatabase:
		return "check the database name (DB_NAME), or create it"
	case CauseSettings:
		return "check the parameters of the URL, options, DB_TIMEZONE and the limits; a pooler lets only some through (PgBouncer's ignore_startup_parameters)"
	case CauseRole:
		return "no host meets target_session_attrs: check which server is the primary, and that the list has all of them"
	case CauseNotPostgreSQL:
		return "something else answers there: check host and port (DB_HOST, DB_PORT)"
	case CauseTooManyClients:
		return "lower the pool sizes of all instances below max_connections, put a pooler in between, or find the client that leaks connections"
	case CauseStarting:
		return "wait until the server has finished starting, recovering or shutting down"
	case CausePasswordSource:
		return "look at what PasswordFunc reads"
	case CauseHook:
		return "look at what BeforeConnect and AfterConnect of Configure do"
	}
	return "see the error itself"
}

// temporary reports whether trying again may help without anybody changing the configuration. A wrong password or name
// is not tried again: it would lock accounts and hide the mistake.
func (c Cause) temporary() bool {
	switch c {
	case CauseTLS, CauseTLSUnavailable, CausePassword, CauseNotAllowed, CauseNoDatabase, CauseSettings, CauseNotPostgreSQL:
		return false
	}
	return true
}

// ConnectError tells why no connection could be made and what to do.
type ConnectError struct {
	Target   string        // user@host:port/database, without password
	Cause    Cause         // CauseUnknown when the error is not understood
	Attempts int           // how often New tried; 1 elsewhere
	Elapsed  time.Duration // how long New tried; 0 elsewhere

	err error
}

// Error returns cause, remedy and the driver's own words in one line.
func (e *ConnectError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "pool: connect to %s: ", e.Target)
	if e.Cause != CauseUnknown {
		fmt.Fprintf(&b, "%s: %s ", e.Cause, e.Cause.Remedy())
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, "(%d attempts in %v) ", e.Attempts, e.Elapsed.Round(time.Millisecond))
	}
	b.WriteString("(" + strings.Join(strings.Fields(e.err.Error()), " ") + ")")
	return b.String()
}

// Unwrap returns the driver's error without its *pgconn.ConnectError, whose Config field holds the password.
func (e *ConnectError) Unwrap() error { return e.err }

// passwordError marks an error of PasswordFunc.
type passwordError struct{ err error }

func (e *passwordError) Error() string { return "PasswordFunc: " + e.err.Error() }
func (e *passwordError) Unwrap() error { return e.err }

// hookError marks an error of a hook of Configure. Its text says enough, so a context error is not taken for the pool's.
type hookError struct {
	hook string
	err  error
}

func (e *hookError) Error() string { return e.hook + ": " + e.err.Error() }
func (e *hookError) Unwrap() error { return e.err }

func hookFailed(hook string, err error) error {
	if err == nil {
		return nil
	}
	return &hookError{hook, err}
}

// diagnose finds the cause in a driver's error. Several hosts were tried one after the other; a cause that needs a
// person wins over one that passes by itself only when it comes first, as in pgx's own list.
func diagnose(err error) Cause {
	if _, ok := asType[*passwordError](err); ok {
		return CausePasswordSource
	}
	if _, ok := asType[*hookError](err); ok {
		return CauseHook
	}
	if e, ok := asType[*pgconn.PgError](err); ok {
		return diagnoseServer(e)
	}
	if isTLS(err) {
		return CauseTLS
	}
	var dns *net.DNSError
	var timeout net.Error
	var long *pgproto3.ExceededMaxBodyLenErr
	switch {
	case errors.As(err, &long):
		return CauseNotPostgreSQL
	case errors.Is(err, pgconn.ErrReadOnlyConnection), errors.Is(err, pgconn.ErrReadWriteConnection),
		errors.Is(err, pgconn.ErrPrimaryConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		return CauseRole
	case errors.Is(err, fs.ErrPermission):
		return CauseNotAllowed
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return CauseTLSUnavailable
	case errors.As(err, &dns):
		return CauseDNS
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return CauseRefused
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), errors.As(err, &timeout) && timeout.Timeout(),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ETIMEDOUT):
		return CauseTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return CauseReset
	}
	return CauseUnknown
}

// diagnoseServer maps SQLSTATEs (PostgreSQL documentation, appendix A) and PgBouncer's words, which come without one of
// their own.
func diagnoseServer(e *pgconn.PgError) Cause {
	switch code := e.Code; code {
	case "28P01":
		return CausePassword
	case "28000", "42501", "55000":
		return CauseNotAllowed
	case "3D000":
		return CauseNoDatabase
	case "53300":
		return CauseTooManyClients
	case "57P01", "57P02", "57P03":
		return CauseStarting
	case "08P01":
		switch m := e.Message; {
		case strings.Contains(m, "no such database"), strings.HasPrefix(m, "database ") && strings.Contains(m, "does not exist"):
			return CauseNoDatabase
		case strings.Contains(m, "startup parameter"):
			return CauseSettings
		case strings.Contains(m, "no such user"), strings.Contains(m, "authentication failed"), strings.Contains(m, "SASL"):
			return CausePassword
		case strings.Contains(m, "no more connections allowed"):
			return CauseTooManyClients
		case strings.Contains(m, "server login"), strings.Contains(m, "connect failed"), strings.Contains(m, "query_wait_timeout"):
			return CauseRefused
		}
	default:
		if strings.HasPrefix(code, "22") || strings.HasPrefix(code, "42") { // data exception, syntax error or access rule violation
			return CauseSettings
		}
	}
	return CauseUnknown
}

func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		header    tls.RecordHeaderError
	)
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) ||
		errors.As(err, &alert) || errors.As(err, &header)
}
