package pglog

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that are treated in their own way.
const (
	lockNotAvailable = "55P03"
	checkViolation   = "23514"
)

// sqlState returns the SQLSTATE of an error, or "" if it did not come from the server.
func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// poison reports whether the server refused rows for what they are, so that trying again is of no use: bad data (class
// 22), a constraint or a trigger (23, P0), a limit (54). A row that finds no partition is not poison: one will be made.
// That is also said of a row on its way to the default partition in the moment in which its own one is attached.
func poison(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || len(pgErr.Code) != 5 {
		return false
	}
	switch pgErr.Code[:2] {
	case "22", "54", "P0":
		return true
	case "23":
		return pgErr.Code != checkViolation || pgErr.ConstraintName != ""
	}
	return false
}
