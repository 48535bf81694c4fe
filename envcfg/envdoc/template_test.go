package envdoc_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/envcfg/envdoc"
)

type notations struct {
	Path      string `env:"PATH_ONE" default:"C:\\new\\table"`
	Blank     string `env:"PATH_TWO" default:"C:\\new folder\\table #1"`
	Quotation string `env:"QUOTATION" default:"say \"hello\" # twice"`
	Apostroph string `env:"APOSTROPHE" default:" it's"`
	Dollars   string `env:"DOLLARS" default:"$2a$10$abc def"`
	Lines     string `env:"LINES_TWO" default:"a\nb"`
	Server    string `env:"SERVER" default:"\\\\server\\share"`
	Ends      string `env:"ENDS" default:"C:\\new\\"`
}

// values returns what a .env file says.
func values(t *testing.T, text string, d envcfg.Dialect) map[string]string {
	t.Helper()
	entries, err := envcfg.ParseDotenv(regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(text, "$1"), d, nil)
	require.NoError(t, err)
	list := make(map[string]string)
	for _, e := range entries {
		list[e.Name] = e.Value.Reveal()
	}
	return list
}

// A value reads back as the same in every dialect.
func TestValuesReadBackInEveryDialect(t *testing.T) {
	t.Parallel()
	text, err := envdoc.Template[notations]()
	require.NoError(t, err)
	variables, err := envcfg.Variables[notations]()
	require.NoError(t, err)
	for _, d := range []envcfg.Dialect{envcfg.Portable, envcfg.Compose, envcfg.Node, envcfg.Python} {
		read := values(t, text, d)
		for _, v := range variables {
			require.Equal(t, v.Default, read[v.Name], "dialect %d: %s", d, v.Name)
		}
	}
	require.Contains(t, text, `# PATH_ONE='C:\new\table'`)
	require.Contains(t, text, `# PATH_TWO='C:\new folder\table #1'`)
}

// What no notation of all dialects can hold is what most of them read.
func TestValuesThatCannotReadBackEverywhere(t *testing.T) {
	t.Parallel()
	type config struct {
		Reference string `env:"REFERENCE" default:"${NAME} C:\\new"`
		Both      string `env:"BOTH" default:" 'a\"\n$"`
	}
	text, err := envdoc.Template[config]()
	require.NoError(t, err)
	for _, d := range []envcfg.Dialect{envcfg.Portable, envcfg.Compose, envcfg.Node} {
		require.Equal(t, `${NAME} C:\new`, values(t, text, d)["REFERENCE"])
	}
	require.Equal(t, " 'a\"\n$", values(t, text, envcfg.Portable)["BOTH"])
}

// No tag adds a line to a document.
func TestTagsOfSeveralLines(t *testing.T) {
	t.Parallel()
	type config struct {
		A string `env:"A" check:"oneof=x|y\nFORGED_1=1" doc:"a\nFORGED_2=2" deprecated:"OLD\nFORGED_3=3" example:"e\nFORGED_4=4"`
		B string `env:"B" check:"own\nFORGED_5=5" default.testing:"x\nFORGED_6=6" default:"d\nFORGED_7=7"`
		C string `env:"C\nFORGED_8" check:"match=[a\nFORGED_9=9]*"`
		D []int  `env:"D" separator:"\nFORGED_10="`
	}
	text, err := envdoc.Template[config]()
	require.NoError(t, err)
	table, err := envdoc.Markdown[config]()
	require.NoError(t, err)
	require.NotContains(t, text+table, "\nFORGED")
	entries, err := envcfg.ParseDotenv(strings.ReplaceAll(text, "\n# ", "\n#"), envcfg.Compose, nil)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A variable that only one of its fields requires is required everywhere; with a default in some environments it is
// nowhere but in the schema.
func TestRequired(t *testing.T) {
	t.Parallel()
	type config struct {
		First  string        `env:"SHARED"`
		Second string        `env:"SHARED,required"`
		Mode   string        `env:"MODE,required" default.production:"x" check:"oneof=x|y"`
		Key    envcfg.Secret `env:"SECRET_KEY,required" default.testing:"hunter2hunter2hunter2hunter2hunter2" check:"min=32"`
		Never  string        `env:"NEVER,required" default.production:""`
	}
	text, err := envdoc.Template[config]()
	require.NoError(t, err)
	require.Contains(t, text, "# required, text\nSHARED=\n")
	require.Contains(t, text, "# required, text; one of x, y; x in production\nMODE=\n")
	require.Contains(t, text, "; a default in testing\nSECRET_KEY=\n")
	table, err := envdoc.Markdown[config]()
	require.NoError(t, err)
	require.Contains(t, table, "| `SHARED` |  | text | **required** |")
	require.NotContains(t, text+table, "hunter2")
	schema := schemaOf[config](t)
	require.Equal(t, []string{"SHARED", "NEVER"}, schema.Required)
	require.Empty(t, schema.AllOf)
	require.Equal(t, []string{"x", "y", ""}, schema.Properties["MODE"].Enum)
	require.Zero(t, schema.Properties["SECRET_KEY"].MinLength)
}

// Only what is the same in ECMA-262 is copied into a schema.
func TestPatterns(t *testing.T) {
	t.Parallel()
	type config struct {
		Plain    string `env:"PLAIN,required" check:"match=[a-z_\\-]{1,3}(?:\\.\\d+)*\\/\\p{Lu}?|\\x41+$"`
		Comma    string `env:"COMMA,required" check:"min=1, match=a,b"`
		Leading  string `env:"LEADING,required" check:" match=a"`
		Flag     string `env:"FLAG" check:"match=(?i)[a-z]+"`
		Flag2    string `env:"FLAG2" check:"match=a(?s:.)"`
		Flag3    string `env:"FLAG3" check:"match=\\\\(?i)a"`
		Begin    string `env:"BEGIN" check:"match=\\Aa"`
		End      string `env:"END" check:"match=a\\z"`
		Letter   string `env:"LETTER" check:"match=\\pL+"`
		Script   string `env:"SCRIPT" check:"match=\\p{Greek}+"`
		Named    string `env:"NAMED" check:"match=(?P<name>a)"`
		Class    string `env:"CLASS" check:"match=[[:alpha:]]+"`
		First    string `env:"FIRST" check:"match=[]a]"`
		Literal  string `env:"LITERAL" check:"match=\\Qa.b\\E"`
		Brace    string `env:"BRACE" check:"match=a{,3}"`
		Hex      string `env:"HEX" check:"match=\\x{41}"`
		Number   int    `env:"NUMBER" check:"match=(?i)1"`
		Escaped  string `env:"ESCAPED" check:"match=a\\@b"`
		Question string `env:"QUESTION,required" check:"match=\\(?a"`
	}
	schema := schemaOf[config](t)
	for name, want := range map[string]string{
		"PLAIN": `^(?:[a-z_\-]{1,3}(?:\.\d+)*\/\p{Lu}?|\x41+$)$`, "COMMA": "^(?:a,b)$", "LEADING": "^(?:a)$", "QUESTION": `^(?:\(?a)$`,
		"NUMBER": `^(?:\s*[+-]?[0-9]+(?:_[0-9]+)*\s*)?$`,
	} {
		require.Equal(t, want, schema.Properties[name].Pattern, name)
	}
	for _, name := range []string{"FLAG", "FLAG2", "FLAG3", "BEGIN", "END", "LETTER", "SCRIPT", "NAMED", "CLASS", "FIRST", "LITERAL", "BRACE", "HEX", "ESCAPED"} {
		require.Empty(t, schema.Properties[name].Pattern, name)
	}
	table, err := envdoc.Markdown[config]()
	require.NoError(t, err)
	require.Contains(t, table, "| text; at least 1; matching a,b |")
}

// The patterns of numbers and durations are what Load reads.
func TestNumbersOfTheSchema(t *testing.T) {
	t.Parallel()
	type config struct {
		Wait  time.Duration `env:"WAIT" unit:"s"`
		Bare  time.Duration `env:"BARE"`
		Count int           `env:"COUNT"`
		Size  uint          `env:"SIZE"`
		Port  string        `env:"PORT" check:"port"`
	}
	schema := schemaOf[config](t)
	for _, text := range []string{
		".5", "1e3", "1E-3", "1e+3", "5.", "1_0.5", "1__0", "_1", "1_", "-_5", "1d12h", "1w2d", "1w2d3h4m", "2d1w", "1h2d", "-1d12h", "+1w", "1d0", "0", "-0", "1.5w.5d",
		"1", "-1", "+1", "8_0", "8__0", "e3", ".", "1e", "1e0_1", "1 d", " 1d ", "80", "+80", "0080", "1d-1h", "--1d", "d", "w", "1e1d", "1_0d",
	} {
		for name, p := range schema.Properties {
			_, err := envcfg.Load[config](envcfg.Options{Environ: []string{name + "=" + text}, Files: []string{}})
			matches := regexp.MustCompile(p.Pattern).MatchString(text)
			if name == "PORT" { // whose range no pattern says
				matches = matches && text != "0"
			}
			require.Equal(t, err == nil, matches, "%s=%s: %v", name, text, err)
		}
	}
}
