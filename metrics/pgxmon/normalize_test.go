package pgxmon_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/pgxmon"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ sql, want string }{
		{"", ""},
		{"-- ping", ""},
		{"SELECT * FROM Users u WHERE u.id = 5 AND Name='it''s'", "select * from users u where u.id = ? and name = ?"},
		{"select\t*\nfrom users u\n\nwhere u . id=$1 and name = $2 -- by name", "select * from users u where u.id = ? and name = ?"},
		{`SELECT "Quoted"."a""b" FROM U&"d\0061t"`, `select "Quoted"."a""b" from U&"d\0061t"`},
		{"select 1.5e-3, .5, 0xff_f, 1_000, 1e5-2, 7::int", "select ?, ?, ?, ?, ? - ?, ?::int"},
		{"select -1, - 1, a - 1, a-1, a=-1, (-1), a*-1, 3 - -2", "select ?, ?, a - ?, a - ?, a = ?, (?), a * ?, ? - - ?"},
		{`select E'a\'s' 'x', b'01', X'ff', N'n', U&'\0041' uescape '!'`, "select ?, ?, ?, ?, ? uescape ?"},
		{"select E'a' -- more\n  'b\\'secret', 1", "select ?, ?"},
		{"select 'a'\n'b', 'c'", "select ?, ?"},
		{"select $$a'b$$, $t$ $$ x $u$ $t$, $é$é$é$, $1, a$b$c", "select ?, ?, ?, ?, a$b$c"},
		{"do $$ begin perform secret(); end $$", "do ?"},
		{"select /* a /* b */ c */ 1 /*+ hint */", "select ?"},
		{"select date '2024-01-01', interval'1 day', '1'::int[]", "select date ?, interval ?, ?::int[]"},
		{"where id in (1, 2, 3)", "where id in (?)"},
		{"where id IN (1)", "where id in (?)"},
		{"where id in ($1::uuid,$2::uuid, $3::uuid)", "where id in (?::uuid)"},
		{"where (a, b) in ((1, 'x'), (2, NULL))", "where (a, b) in ((?))"},
		{"where id in (1, -2, null, now())", "where id in (?, now())"},
		{"where id in (select a, b from t)", "where id in (select a, b from t)"},
		{"= any(array[1, 2, 3])", "= any (array[?])"},
		{"select f(1, 2), coalesce(a, 0)", "select f(?, ?), coalesce(a, ?)"},
		{"insert into t(a,b) values (1,'a')", "insert into t(a, b) values (?)"},
		{"insert into t (a, b) values (1,'a'),(2,null), (default, $3) returning id, x", "insert into t(a, b) values (?) returning id, x"},
		{"values (now(), 1), (f(2), 3), (4, now()) on conflict do nothing", "values (now(), ?) on conflict do nothing"},
		{"select x from (values (1,2),(3,4)) v(a,b), (select 2) y", "select x from (values (?)) v(a, b), (select ?) y"},
		{"where a in (values (1), (2)), (3)", "where a in (values (?)), (?)"},
		{"select data ? 'k', data @> '{}', a<@b, a ->> 'x', a !~* 'y'", "select data ? ?, data @> ?, a <@ b, a ->> ?, a !~* ?"},
		{"where id = @id and b=@b_2 and c >@c", "where id = ? and b = ? and c > ?"},
		{"select a[1], a[1:2], count(*), x.* from t x;", "select a[?], a[? : ?], count(*), x.* from t x;"},
		{"SET app.token = hunter2", "set app.token = ?"},
		{"set session app.token to a, b; select 1", "set session app.token = ?; select ?"},
		{"alter role x set a.b TO c", "alter role x set a.b = ?"},
		{"alter user x password 'c' valid until 'd'", "alter user x password ? valid until ?"},
		{"update t set a = b where c = 1", "update t set a = b where c = ?"},
		{"select 'it's secret'", "select ..."},
		{"select a, 'x' || \"secret", "select a, ..."},
		{"select 1 /* secret", "..."},
		{`select 1e'a\'secret\''`, "select ? ?"},
		{"select a \x00\x01 , b", "select a, b"},
		{"select a\xff\xfe", "select a?"},
		{`select 'a\', 'b'`, "select ?, ?"},
		{")]}{(", ")] } { ("},
		{"select Größe, ÄB", "select größe, Äb"},
	} {
		require.Equal(t, tc.want, pgxmon.Normalize(tc.sql), "%s", tc.sql)
	}
}

// What a backslash means depends on the session. When that is not known, nothing behind one that matters is shown.
func TestNormalizeUnsure(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`select 'a\', 'secret'`:          "select ? ...",
		`select 'a\'secret', 'b'`:        "select ? ...",
		`select 'a\\', b`:                "select ?, b",
		`select 'c:\dir', b`:             "select ?, b",
		`select E'a\'b', c`:              "select ?, c",
		`select 'a\\\', 'secret' from b`: "select ? ...",
	} {
		require.Equal(t, want, pgxmon.NormalizeUnsure(sql), "%s", sql)
	}
}

func TestNormalizeIsCut(t *testing.T) {
	t.Parallel()
	long := "select a from t where " + strings.Repeat("b and ", pgxmon.MaxSQL)
	got := pgxmon.Normalize(long)
	require.LessOrEqual(t, len(got), pgxmon.MaxSQL+len(" ..."))
	require.True(t, strings.HasSuffix(got, " ..."))
	require.Equal(t, got, pgxmon.Normalize(long+"c"), "what follows counts for nothing")

	// The cut is in the middle of a constant.
	require.Equal(t, "insert into t values (? ...", pgxmon.Normalize("insert into t values ('"+strings.Repeat("secret ", pgxmon.MaxSQL)))
	require.Equal(t, "select ? ...", pgxmon.Normalize("select $a$"+strings.Repeat("secret ", pgxmon.MaxSQL)))
	require.Equal(t, "select ? ...", pgxmon.Normalize(`select "`+strings.Repeat("secret ", pgxmon.MaxSQL)))
	rows := pgxmon.Normalize("insert into t values (1, 'x')" + strings.Repeat(", (1, 'x')", pgxmon.MaxSQL))
	require.LessOrEqual(t, len(rows), 50, "%s", rows)
}

// Lists in lists in lists do not make it slow, nor does anything else: the work is counted by the size of what is written.
func TestNormalizeDeep(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"in (", "values (", "(", "[", ")", "'", "$a$", "/*", "--", "E'\\", ",", "values (1),", "in ((1),", ";"} {
		got := pgxmon.Normalize(strings.Repeat(s, pgxmon.MaxSQL/len(s)))
		require.LessOrEqual(t, len(got), 2*pgxmon.MaxSQL+10, "%s", s)
	}
}

// sqlLiteral writes a value in one of the ways that there are. It must not have a backslash for the sake of E and U&.
func sqlLiteral(r *rand.Rand, value string) string {
	quoted := strings.ReplaceAll(value, "'", "''")
	switch r.IntN(8) {
	case 0:
		return "E'" + strings.ReplaceAll(quoted, "''", `\'`) + "'"
	case 1:
		return "U&'" + quoted + "'"
	case 2:
		return "$$" + value + "$$"
	case 3:
		return "$Tag_1$" + value + "$Tag_1$"
	case 4:
		return "e'\\x41" + quoted + "\\''"
	case 5:
		return "n'" + quoted + "'"
	case 6:
		return "'x'\n--" + strings.ReplaceAll(value, "\n", " ") + "\n '" + quoted + "'"
	}
	return "'" + quoted + "'"
}

// Whatever the constants are and however they are written, the result is the same.
func TestNormalizeKnowsNoConstants(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	comment := func(value string) string { return "/*" + strings.NewReplacer("/", "", "*", "").Replace(value) + "*/" }
	for range 5000 {
		secret := randomSecret(r)
		lit := func() string { return sqlLiteral(r, secret) }
		var rows []string
		for range 1 + r.IntN(4) {
			rows = append(rows, "("+lit()+" , "+lit()+")")
		}
		sql := "SELECT a," + lit() + comment(secret) + " FROM t WHERE b=" + lit() + " and c in (" + lit() + "," + lit() + ") union VALUES " + strings.Join(rows, ",")
		require.Equal(t, "select a, ? from t where b = ? and c in (?) union values (?)", pgxmon.Normalize(sql), "%s", sql)
	}
}

const secretAlphabet = `abcXYZ019 '"%+&=?#/:@,;[]{}<>^|~!*()-_.` + "\t\n" + `äß漢🔑`

func randomSecret(r *rand.Rand) string {
	runes := []rune(secretAlphabet)
	b := []rune("Zq7")
	for range 12 + r.IntN(20) {
		b = append(b, runes[r.IntN(len(runes))])
	}
	return string(b)
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	require.Equal(t, "cbf29ce484222325", pgxmon.Fingerprint(""), "FNV-1a of 64 bits")
	require.Equal(t, "af63dc4c8601ec8c", pgxmon.Fingerprint("a"))
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{
		"select 1", "insert into t values (1,'a'),(2,$1::int),(-3,E'\\'') returning *", "in ((1,2),(3,4))", "$a$ $b$ $a$", "u&\"a\" U&'b'",
		"/* /* */ */ -- x\n'a'\n'b'", "set a to b; alter x set y = z", "array[1,-2]::int[]", "@a <@ b @> c", "1e'x' 1.e+5 .5.", "'a\\'b'", "\x00\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, got := range []string{pgxmon.Normalize(sql), pgxmon.NormalizeUnsure(sql)} {
			if !utf8.ValidString(got) {
				t.Errorf("%q is %q", sql, got)
			}
			if len(got) > 4*min(len(sql), pgxmon.MaxSQL)+8 {
				t.Errorf("%q grows to %d bytes", sql, len(got))
			}
			inQuotes := false
			for i := range len(got) {
				switch c := got[i]; {
				case c == '"':
					inQuotes = !inQuotes
				case inQuotes:
				case c == '\'' || c == '\n':
					t.Errorf("%q is %q", sql, got)
				case '0' <= c && c <= '9' && (i == 0 || got[i-1] == ' ' || got[i-1] == '('):
					t.Errorf("%q is %q, which has a number", sql, got)
				}
			}
		}
		op := pgxmon.OperationOf(sql)
		if strings.ToLower(op) != op || len(op) > 16 || op == "" {
			t.Errorf("%q is a %q", sql, op)
		}
		if name := pgxmon.QueryName(sql); name != "" && (len(name) > 64 || !strings.Contains(sql, "-- name:")) {
			t.Errorf("%q is named %q", sql, name)
		}
	})
}
