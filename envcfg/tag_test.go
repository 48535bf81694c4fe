package envcfg_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

func TestWrongTags(t *testing.T) {
	t.Parallel()
	type list struct {
		A string   `env:"A,mandatory"`
		B string   `env:""`
		C int      `env:"C" default:"x"`
		D string   `env:"D" check:"prot"`
		E chan int `env:"E"`
		F int      `env:"F" check:"min=low"`
	}
	_, err := envcfg.Variables[list]()
	require.ErrorContains(t, err, `the tag env of A has the unknown option "mandatory"`)
	require.ErrorContains(t, err, "the tag env of B has no name")
	require.ErrorContains(t, err, `"x" is not a whole number`)
	_, err = load[list]("D=1", "E=1", "F=1")
	require.ErrorContains(t, err, `cannot be checked: the tag's rule "prot" is unknown`)
	require.ErrorContains(t, err, "cannot be put into a chan int")
	require.ErrorContains(t, err, "has the limit low in its tag, which is no value of its type")

	type senseless struct {
		Unit        time.Duration `env:"UNIT" unit:"sec"`
		Bytes       []byte        `env:"RAW" unit:"hexx"`
		Rule        string        `env:"RULE" check:"prot"`
		Expression  string        `env:"EXPRESSION" check:"match=("`
		Limit       int           `env:"LIMIT" check:"min=low"`
		Environment string        `env:"ENVIRONMENT" default:"production"`
		First       int           `env:"TWICE" default:"1"`
		Second      int           `env:"TWICE" default:"2"`
		Own         string        `env:"OWN" check:"palindrome"`
	}
	_, err = envcfg.Variables[senseless]()
	require.Len(t, err.(*envcfg.Error).Problems, 7) //nolint:errorlint // it is this package's own
	for _, want := range []string{
		`Unit has the unknown unit "sec"`, `Bytes has the unknown unit "hexx"`, `Rule has the unknown rule "prot": did you mean port?`,
		"Expression has a regular expression that cannot be compiled", "Limit has the limit low in its tag",
		"Environment has a default that never counts", "Second has another default",
	} {
		require.ErrorContains(t, err, want)
	}

	type loop struct {
		Next *loop `prefix:"N_"`
		A    int   `env:"A"`
	}
	_, err = load[loop]()
	require.ErrorContains(t, err, "contains itself")
}
