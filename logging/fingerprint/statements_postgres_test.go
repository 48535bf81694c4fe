package fingerprint_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// typeNames are types that have a name with a space, brackets or neither.
var typeNames = []string{"integer", "timestamp with time zone", "uuid", "date", "jsonb", "numeric(5,2)", "double precision", "inet"}

var variable = regexp.MustCompile(`«(-?)i([+-]\d+)?»`)

// wrongStatements are those of testdata, with the values for i.
func wrongStatements(t *testing.T, i int, id, text string) []string {
	t.Helper()
	words := strings.NewReplacer("«id»", id, "«text»", text, "«type»", typeNames[i%len(typeNames)], "«next»", typeNames[(i+1)%len(typeNames)])
	var statements []string
	for _, s := range read(t, filepath.Join("testdata", "postgres-statements.sql")) {
		if strings.HasPrefix(s, "--") {
			continue
		}
		statements = append(statements, variable.ReplaceAllStringFunc(words.Replace(s), func(v string) string {
			m := variable.FindStringSubmatch(v)
			n, err := strconv.Atoi("0" + strings.TrimLeft(m[2], "+-"))
			require.NoError(t, err)
			if strings.HasPrefix(m[2], "-") {
				n = -n
			}
			if m[1] == "-" {
				return strconv.Itoa(n - i)
			}
			return strconv.Itoa(n + i)
		}))
	}
	return statements
}
