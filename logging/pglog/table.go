package pglog

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// maxTable is the length of a table's name in bytes, so that what is made from it fits into the 63 of PostgreSQL.
const maxTable = 36

// table is the name of a table, and what names are made from it.
type table struct{ schema, name string }

// parseTable reads "table" or "schema.table". Everything but the one dot and NUL may stand in a name: it is quoted.
func parseTable(s string) (table, error) {
	schema, name, dotted := strings.Cut(s, ".")
	if !dotted {
		schema, name = "", s
	}
	switch {
	case name == "" || dotted && schema == "":
		return table{}, fmt.Errorf("%q and has an empty part: must be table or schema.table", s)
	case strings.Contains(name, "."):
		return table{}, fmt.Errorf("%q and has more than one dot: must be table or schema.table", s)
	case strings.ContainsRune(s, 0) || !utf8.ValidString(s):
		return table{}, fmt.Errorf("%q: must be valid UTF-8 without zero bytes", s)
	case len(name) > maxTable || len(schema) > 63:
		return table{}, fmt.Errorf("%q and too long: a table may have %d bytes, so that names of partitions can be made from it, and a schema 63", s, maxTable)
	}
	return table{schema, name}, nil
}

// quoted returns the name with a suffix, as it stands in SQL.
func (t table) quoted(suffix string) string {
	if t.schema == "" {
		return pgx.Identifier{t.name + suffix}.Sanitize()
	}
	return pgx.Identifier{t.schema, t.name + suffix}.Sanitize()
}

// index returns the name of an index, which lies in the schema of its table without saying so.
func (t table) index(suffix string) string { return pgx.Identifier{t.name + suffix}.Sanitize() }

// literal returns a text as it stands in SQL.
func literal(s string) string {
	if strings.Contains(s, `\`) {
		return ` E'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(s) + `'`
	}
	return `'` + strings.ReplaceAll(s, `'`, `''`) + `'`
}
