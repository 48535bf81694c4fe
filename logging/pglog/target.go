package pglog

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// field is what a column of the table holds.
type field int

// The fields, in the order in which they are sent.
const (
	fieldTimestamp field = iota
	fieldLevel
	fieldLogger
	fieldMessage
	fieldModule
	fieldFunction
	fieldLine
	fieldUserID
	fieldRequestID
	fieldIP
	fieldTraceID
	fieldSpanID
	fieldRelease
	fieldException
	fieldFingerprint
	fieldExtra // the last: it takes what the others could not
	fields
)

// fieldNames are the names of their columns.
var fieldNames = [fields]string{
	"timestamp", "level", "logger", "message", "module", "function", "line_number", "user_id", "request_id", "ip_address",
	"trace_id", "span_id", "release", "exception", "fingerprint", "extra_data",
}

// family is how a value must look for a column's type.
type family int

// The families. A value for a type of none of them is sent as it is, and when the server refuses it goes where those go that do not
// fit.
const (
	missing family = iota
	familyText
	familyInt
	familyInet
	familyUUID
	familyZoneless // a time without a zone, which is UTC
	familyOther
)

// column is what the table has for a field.
type column struct {
	family family
	limit  int // characters, bits
}

// target is what is known of the table. It is found out anew after every failure.
type target struct {
	columns [fields]column
	copy    string // the statement
	id      bool   // it has a column of that name
	ledger  bool   // there is one
	errors  bool   // there is a table of groups
}

// discover asks what the table looks like.
func discover(ctx context.Context, conn *pgconn.PgConn, t table) (*target, error) {
	all, err := rows(ctx, conn, t.describe())
	if err != nil {
		return nil, err
	}
	return t.described(all)
}

// describe returns the query for that.
func (t table) describe() string {
	return `select attname::text, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), null), (case when a.atttypmod >= 4 then a.atttypmod - 4 else 0 end)::text
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = to_regclass(` + literal(t.quoted("")) + `) and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a'
union all select ' ' || suffix, '', '0' from unnest(array['_batches', '_errors']) suffix where to_regclass(case suffix when '_batches' then ` +
		literal(t.quoted("_batches")) + ` else ` + literal(t.quoted("_errors")) + ` end) is not null`
}

// described makes a target of the rows of that query.
func (t table) described(all [][]string) (*target, error) {
	found := &target{}
	var names []string
	for _, row := range all {
		switch row[0] {
		case " _batches":
			found.ledger = true
			continue
		case " _errors":
			found.errors = true
			continue
		case "id":
			found.id = true
			continue
		}
		for f, name := range fieldNames {
			if name == row[0] {
				limit, err := strconv.Atoi(row[2])
				if err != nil {
					return nil, err
				}
				found.columns[f] = columnOf(row[1], limit)
			}
		}
	}
	for f, name := range fieldNames {
		if found.columns[f].family != missing {
			names = append(names, `"`+name+`"`)
		}
	}
	if found.columns[fieldTimestamp].family == missing {
		return nil, fmt.Errorf("there is no table %s with a column timestamp that the role may use", t.quoted(""))
	}
	found.copy = "copy " + t.quoted("") + " (" + strings.Join(names, ", ") + ") from stdin"
	return found, nil
}

func columnOf(typeName string, limit int) column {
	switch typeName {
	case "text":
		return column{family: familyText}
	case "character varying", "character":
		if typeName == "character" && limit == 0 {
			limit = 1
		}
		return column{familyText, limit}
	case "smallint":
		return column{familyInt, 16}
	case "integer":
		return column{familyInt, 32}
	case "bigint":
		return column{familyInt, 64}
	case "inet":
		return column{family: familyInet}
	case "uuid":
		return column{family: familyUUID}
	case "timestamp without time zone":
		return column{family: familyZoneless}
	}
	return column{family: familyOther}
}
