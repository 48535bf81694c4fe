package pgxmon_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// spellings returns every form in which a text might carry the secret.
func spellings(secret string) []string {
	inJSON, _ := json.Marshal(secret)
	all := []string{
		secret, strings.ToLower(secret), url.QueryEscape(secret), strings.Trim(strconv.Quote(secret), `"`), strings.Trim(string(inJSON), `"`),
		hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret)), //nolint:staticcheck // the numbers
		strings.ReplaceAll(secret, "'", "''"), strings.ReplaceAll(secret, "'", `\'`), strings.Join(strings.Fields(secret), " "),
	}
	for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune(" \t\n'\"", r) }) {
		if len(part) >= 8 { // by accident it is nowhere else
			all = append(all, part, strings.ToLower(part))
		}
	}
	return all
}

// planted is a value, and how it may be written.
type planted struct {
	value any
	as    string // its type
	forms []string
}

func plant(r *rand.Rand) []planted {
	text := randomSecret(r)
	word := "Sec" + strconv.FormatUint(r.Uint64(), 36)
	whole := 1_000_000_000_000 + r.Int64N(1_000_000_000_000)
	fraction := strconv.FormatInt(r.Int64N(900_000)+100_000, 10) + "." + strconv.FormatInt(r.Int64N(900_000)+100_000, 10)
	float, _ := strconv.ParseFloat(fraction, 64)
	var uuid [16]byte
	for i := range uuid {
		uuid[i] = byte(r.IntN(256))
	}
	id, _ := (pgtype.UUID{Bytes: uuid, Valid: true}).Value()
	day := time.Date(1900+r.IntN(300), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	number := func(n int64) []string { return []string{strconv.FormatInt(n, 10), strconv.FormatInt(n, 16)} }
	return []planted{
		{text, "text", spellings(text)},
		{word, "text", spellings(word)},
		{&word, "varchar", spellings(word)},
		{[]string{text, word}, "text[]", append(spellings(text), spellings(word)...)},
		{[]byte(text), "bytea", spellings(text)},
		{whole, "bigint", number(whole)},
		{[]int64{whole, -whole}, "bigint[]", number(whole)},
		{float, "float8", []string{fraction}},
		{pgtype.Numeric{}, "numeric", nil},
		{uuid, "uuid", []string{id.(string), hex.EncodeToString(uuid[:])}},
		{map[string]string{word: text}, "jsonb", append(spellings(text), spellings(word)...)},
		{day, "timestamptz", []string{day.Format(time.DateOnly), day.Format(time.TimeOnly), strconv.FormatInt(day.Unix(), 10)}},
		{true, "bool", nil},
		{nil, "text", nil},
	}
}

// No value ever reaches a label, the log or the table of slow statements: neither as an argument of any type, nor as a
// constant in SQL however it is written, nor by way of an error that repeats it.
func TestNoValueIsShown(t *testing.T) {
	t.Parallel()
	databaseURL := sharedURL(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	rounds := 15
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		c, log := newRecorder(), &logBuffer{}
		handlers := []*slog.Logger{log.logger(), slog.New(slog.NewJSONHandler(log, nil))}
		values := plant(r)
		var tables []string
		for _, logger := range handlers {
			tracer := newTracer(t, c, pgxmon.Config{
				SlowQuery: 1, LogInterval: time.Nanosecond, LogLength: pgxmon.MaxText, Names: true, Logger: logger,
			})
			leakEverywhere(t, r, databaseURL, tracer, values)
			table, err := json.Marshal(tracer.Slowest(-1))
			require.NoError(t, err)
			tables = append(tables, string(table), fmt.Sprint(tracer.Slowest(-1)))
		}
		require.NotEmpty(t, log.String())
		shown := append([]string{log.String()}, tables...)
		c.mu.Lock()
		for label := range c.labels {
			shown = append(shown, label)
		}
		c.mu.Unlock()
		require.Contains(t, shown, "23")
		for _, v := range values {
			for _, form := range slices.Compact(v.forms) {
				for _, text := range shown {
					require.NotContains(t, text, form, "the %s %v", v.as, v.value)
				}
			}
		}
	}
}

// leakEverywhere does with the values all that one can do with values.
func leakEverywhere(t *testing.T, r *rand.Rand, databaseURL string, tracer *pgxmon.Tracer, values []planted) {
	t.Helper()
	modes := []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec,
		pgx.QueryExecModeSimpleProtocol,
	}
	conn := connect(t, databaseURL, tracer, func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = modes[r.IntN(len(modes))] })
	ctx := t.Context()
	must := func(sql string, args ...any) {
		t.Helper()
		_, err := conn.Exec(ctx, sql, args...)
		require.NoError(t, err, "%s", sql)
	}
	fail := func(sql string, args ...any) {
		t.Helper()
		_, err := conn.Exec(ctx, sql, args...)
		require.Error(t, err, "%s", sql)
	}
	must("drop table if exists kept; create table kept (v text primary key)")
	for _, v := range values {
		if v.as == "numeric" || v.value == nil {
			continue
		}
		if conn.Config().DefaultQueryExecMode < pgx.QueryExecModeExec { // those that ask the server for types
			must("select $1::"+v.as, v.value)
			must("select @v::"+v.as, pgx.NamedArgs{"v": v.value})
			fail("select $1::"+v.as+", 1 / 0", v.value)
		}
	}
	for _, i := range []int{0, 1} {
		secret := values[i].value.(string)
		lit := sqlLiteral(r, secret)
		must("-- " + strings.ReplaceAll(secret, "\n", " ") + "\nselect " + lit + "::text in (" + lit + ", 'x')")
		must("insert into kept values (" + lit + ")")
		fail("insert into kept values (" + lit + ")") // the message repeats it
		must("insert into kept values ($1) on conflict do nothing", secret)
		fail("insert into kept values ($1)", secret)
		fail("select " + lit + "::int") // and so does this one
		fail("select $1::text::int", secret)
		fail("do $$ begin raise 'x' using errcode = 'Z' || '1234', message = 'secret'; end $$; select 'x")
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"kept"}, []string{"v"}, pgx.CopyFromRows([][]any{{secret}}))
		require.Error(t, err)
		b := &pgx.Batch{}
		b.Queue("select "+lit+" where $1::text <> ''", secret)
		b.Queue("insert into kept values ($1)", secret)
		require.Error(t, conn.SendBatch(ctx, b).Close())
	}
	word, whole := values[1].value.(string), values[5].value.(int64)
	must(fmt.Sprintf("select %d, -%[1]d, 0.%[1]d, %[1]d.5e1, array[%[1]d], '%[1]d'", whole))
	must("set app.secret to " + word)
	must("set search_path = " + word + ", public")
	must("set standard_conforming_strings = off")
	must(`select 'a\'` + word + `', 'b'`)
	must(`select 'a\'` + word + `\''`)
	must(`set standard_conforming_strings = on; select 'a\'` + word + `\''`)
	must("set standard_conforming_strings = on")
	must(`select 'a\', '` + word + `'`)
	// What the server cannot read.
	fail("select 'it's " + word + "'")
	fail("select 'it's " + word + "'s'")
	fail("select " + word)
	fail(`select v from kept where v = "` + word + `"`)
	fail(word + " " + word)
	fail("select 1 /* " + word)
	fail("-- name: a" + word + "'x :one\nselect 'x")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := conn.Exec(ended, "select 'it's "+word+"'")
	require.Error(t, err)
}
