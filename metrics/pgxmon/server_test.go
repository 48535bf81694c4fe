package pgxmon_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/pgxmon"
)

// pieces are what makes SQL hard to read. The mark stands for a value.
var pieces = []string{
	"zqmark", "zqmark", "'", "'", "'", "''", `\`, `\`, `\\`, "E'", "e'", "U&'", "N'", "B'", "$$", "$$", "$a$", "$a", `"`, "--", "/*", "*/", "\n", "\n",
	`\'`, `\'`, `\'`, "'\n'", "'\n'", "/*x*/", " ", " ", ",", "||", "-", "1", ".5e", "x'", "(", ")", "in (", "is null", "as", "@", "\r", "ä", "::text", "null", "+",
}

// What the server takes for a value or a comment, this package does too: the same texts in every run.
func TestReadsLikeTheServer(t *testing.T) {
	t.Parallel()
	readLikeTheServer(t, 3000, 1)
}

// The same with two million texts, others in every run.
func TestCampaignReadsLikeTheServer(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("part of make campaign")
	}
	readLikeTheServer(t, 1_000_000, rand.Uint64())
}

// readLikeTheServer has the server read random texts; where it reads one without an error and the mark is in no name, the
// mark must not be shown.
func readLikeTheServer(t *testing.T, tries int, seed uint64) {
	t.Helper()
	t.Logf("seed %d", seed)
	url := sharedURL(t)
	for _, conforming := range []bool{true, false} {
		conn := connect(t, url, nil)
		sql, normalize := "set standard_conforming_strings = on", pgxmon.Normalize
		if !conforming {
			sql, normalize = "set standard_conforming_strings = off; set backslash_quote = on; set escape_string_warning = off", pgxmon.NormalizeUnsure
		}
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(seed, 0))
		understood := 0
		for range tries {
			sql := randomSQL(r)
			named, ok := runs(t, conn.PgConn(), sql)
			if !ok {
				continue
			}
			understood++
			if !named {
				require.NotContains(t, normalize(sql), "zqmark", "%q", sql)
			}
		}
		t.Logf("%d of %d were understood", understood, tries)
		require.Positive(t, understood)
	}
}

func randomSQL(r *rand.Rand) string {
	var b strings.Builder
	for range 2 + r.IntN(9) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	inner := b.String()
	opening := []string{"'", "'", "E'", "E'", "E'x'\n'", "U&'", "$$", "$a$", "/*", "", "--", "1, '"}[r.IntN(12)]
	closing := []string{"'", "'", "'", "'", "$$", "$a$", "*/1", "", "\n1", "'"}
	return "select " + opening + inner + closing[r.IntN(len(closing))]
}

// runs says whether the server could run a statement, and whether a name in it has the mark.
func runs(t *testing.T, conn *pgconn.PgConn, sql string) (named, ok bool) {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		require.False(t, conn.IsClosed(), "%q: %v", sql, err)
		return false, false
	}
	for _, result := range results {
		for _, f := range result.FieldDescriptions {
			named = named || strings.Contains(f.Name, "zqmark")
		}
	}
	return named, true
}
