package pglog

import (
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that are treated in their own way.
const (
	lockNotAvailable = "55P03"
	queryCanceled    = "57014"
	checkViolation   = "23514"
	notNullViolation = "23502"
)

// sqlState returns the SQLSTATE of an error, or "" if it did not come from the server.
func sqlState(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.Code
	}
	return ""
}

// poison reports whether the server refused rows for what they are, so that trying again is of no use: bad data (class
// 22), a constraint (23, 44), a trigger (P0, 09, 21, 27, 2F, 38, 39), a limit (54). A row that finds no partition is not poison: one will be made.
// That is also said of a row on its way to the default partition in the moment in which its own one is attached. A column
// that must not be null and is none of ours is a table for something else.
func poison(err error) bool {
	if _, beside := errors.AsType[*besideError](err); beside {
		return false
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || len(pgErr.Code) != 5 {
		return false
	}
	switch pgErr.Code[:2] {
	case "22", "54", "P0", "09", "21", "27", "2F", "38", "39", "44":
		return true
	case "23":
		switch pgErr.Code {
		case checkViolation:
			return pgErr.ConstraintName != ""
		case notNullViolation:
			return slices.Contains(fieldNames[:], pgErr.ColumnName)
		}
		return true
	}
	return false
}

// suspect returns which row of a COPY the server blames, counted from 0, or -1.
func suspect(err error) int {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return -1
	}
	all := blamed.FindAllStringSubmatch(pgErr.Where, -1)
	if all == nil {
		return -1
	}
	n, err := strconv.Atoi(all[len(all)-1][1])
	if err != nil {
		return -1
	}
	return n - 1
}

// blamed finds the line of a COPY in the context of an error, where it stands below that of the function of a trigger. The name of
// the table may have anything in it, so the last one counts.
var blamed = regexp.MustCompile(`(?m)^COPY .*?, line (\d+)(?:, column |: |$)`)

// refusedField returns the field whose value a column could not take, if that is what the server says.
func refusedField(err error) (field, bool) {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(pgErr.Code) != 5 || pgErr.Code[:2] != "22" && (pgErr.Code != checkViolation || pgErr.DataTypeName == "") { // or that of a domain
		return 0, false
	}
	found := refusedColumn.FindStringSubmatch(pgErr.Where)
	if found == nil {
		return 0, false
	}
	f := slices.Index(fieldNames[:], found[1])
	return field(f), f >= 0
}

// refusedColumn finds the column in the context of an error.
var refusedColumn = regexp.MustCompile(`(?m)^COPY .*?, line \d+, column ([a-z_]+)(?:: |$)`)

// reason says why the server refused a row, for the file of dead letters.
func reason(err error) string {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err.Error()
	}
	text := pgErr.Message + " (SQLSTATE " + pgErr.Code + ")"
	if pgErr.ConstraintName != "" {
		text += ", constraint " + pgErr.ConstraintName
	}
	return text
}
