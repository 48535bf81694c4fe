package pgxmon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/pgxmon"
)

func TestOperationOf(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"":                            "empty",
		" ;":                          "empty",
		"-- ping":                     "empty",
		"/* select */":                "empty",
		"select 1":                    "select",
		"  -- x\n/* y */ SeLeCt 1":    "select",
		"((select 1) union select 2)": "select",
		"SELECT'a'":                   "select",
		"insert into t":               "insert",
		"values (1)":                  "values",
		"table t":                     "table",
		"start transaction":           "begin",
		"BEGIN":                       "begin",
		"end":                         "commit",
		"abort":                       "rollback",
		"release savepoint sp_1":      "release",
		"set a = 1":                   "set",
		"reset a":                     "reset",
		"refresh materialized view v": "refresh",
		"vacuum":                      "vacuum",
		"re":                          "other",
		"set_x":                       "other",
		"vacuum create":               "vacuum",
		"getUser":                     "other",
		"secret secret":               "other",
		"selectselectselectselect":    "other",
		"'select'":                    "other",
		"$1":                          "other",
		"5":                           "other",
		"\xff":                        "other",
		"with":                        "other",
		"with a as (select 1) insert into t select * from a":                                                       "insert",
		"with recursive a(x, y) as (select 1 union select 2), b as (delete from t returning *) update t set x = 1": "update",
		"with update as (select 1), \"delete\" as (select 2) select * from update":                                 "select",
		"with a as not materialized (select ')' /* ) */) merge into t using a on true":                             "merge",
		"with a as (select 1) search depth first by x, y set z delete from t":                                      "delete",
		"with a as (select 1":           "other",
		"explain analyze select 1":      "explain",
		"prepare x as select 1":         "prepare",
		"notify c, 'x'":                 "notify",
		"copy t from stdin":             "copy",
		"declare c cursor for select 1": "declare",
		"truncate t":                    "truncate",
		"import foreign schema x":       "import",
	} {
		require.Equal(t, want, pgxmon.OperationOf(sql), "%s", sql)
	}
}

func TestQueryName(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"-- name: GetUser :one\nselect 1":       "GetUser",
		"\n-- name: list_2 :many\r\nselect 1":   "list_2",
		"-- name:  A  :exec\nselect 1":          "A",
		"-- name: A\nselect 1":                  "",
		"-- name: A one\nselect 1":              "",
		"-- name: a-b :one\nselect 1":           "",
		"-- name: a'b :one\nselect 1":           "",
		"-- name: 1a :one\nselect 1":            "",
		"-- name: ä :one\nselect 1":             "",
		"select 1 -- name: A :one":              "",
		"-- name: ":                             "",
		"/* name: A :one */ select 1":           "",
		"--name: A :one\nselect 1":              "",
		"-- name: " + string(make([]byte, 300)): "",
	} {
		require.Equal(t, want, pgxmon.QueryName(sql), "%q", sql)
	}
}
