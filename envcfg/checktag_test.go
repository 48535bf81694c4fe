package envcfg_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// ownNumber is a type that a parser of Options may read in a way of its own.
type ownNumber int

// What Options may add passes: rules, types that only a parser knows, and limits of such types.
func TestWhatOptionsMayAddPasses(t *testing.T) {
	t.Parallel()
	type config struct {
		CIDR   string             `env:"OWN_CIDR" check:"cidr"`
		Path   string             `env:"OWN_PATH" check:"path"`
		URI    string             `env:"OWN_URI" check:"uri"`
		Size   string             `env:"OWN_SIZE" check:"size"`
		Ports  []string           `env:"OWN_PORTS" check:"ports,hosts,urls"`
		Words  string             `env:"OWN_WORDS" check:"mail,post,watch"`
		Short  string             `env:"OWN_SHORT" check:"por"`
		Base   string             `env:"OWN_BASE" check:"base62"`
		Bucket string             `env:"OWN_BUCKET" check:"bucketname,min=1" default:"x"`
		Temp   celsius            `env:"OWN_TEMP" default:"21°C" check:"min=10°C,max=30°C"`
		Named  ownNumber          `env:"OWN_NAMED" default:"many"`
		Temps  []celsius          `env:"OWN_TEMPS" default:"1°C,2°C"`
		Temp2  *celsius           `env:"OWN_TEMP2" default:"21°C" check:"min=10°C"`
		Byname map[string]celsius `env:"OWN_BY_NAME" default:"a=1°C"`
		Keys   map[ownNumber]int  `env:"OWN_KEYS" default:"one=1"`
		Any    any                `env:"OWN_ANY" default:"x"`
		Day    time.Time          `env:"OWN_DAY" default:"2026-01-31" check:"min=2026-01-01"`
		Days   []*time.Time       `env:"OWN_DAYS" default:"2026-01-31"`
	}
	_, err := envcfg.Variables[config]()
	require.NoError(t, err)
}

// What Options cannot make right is reported all the same.
func TestWhatOptionsCannotAdd(t *testing.T) {
	t.Parallel()
	type config struct {
		Changed   string         `env:"R1" check:"hist"`
		Less      string         `env:"R2" check:"matc=a"`
		More      string         `env:"R3" check:"emaiil"`
		Exchanged string         `env:"R4" check:"prot"`
		Limit     ownNumber      `env:"R5" check:"min=low"`
		Bounded   ownNumber      `env:"R6" default:"3" check:"unheard,min=5"`
		URL       url.URL        `env:"R7" default:"x"`
		Zone      *time.Location `env:"R8" default:"Europe/Atlantis"`
		JSON      celsius        `env:"R9,json" default:"21°C"`
		Wait      time.Duration  `env:"R10" default:"soon"`
	}
	_, err := envcfg.Variables[config]()
	require.Len(t, err.(*envcfg.Error).Problems, 10) //nolint:errorlint // it is this package's own
	for _, want := range []string{
		`"hist": did you mean host?`, `"matc": did you mean match?`, `"emaiil": did you mean email?`, `"prot": did you mean port?`,
		"Limit has the limit low", "must be at least 5", "R7", "R8", "R9", "R10",
	} {
		require.ErrorContains(t, err, want)
	}
}

// The unit tag is that of the elements.
func TestUnitsOfElements(t *testing.T) {
	t.Parallel()
	type config struct {
		Waits  []time.Duration          `env:"WAITS" unit:"s" default:"1,2"`
		Sizes  map[string]int64         `env:"SIZES" unit:"bytes" default:"a=1MB"`
		Wrong  []time.Duration          `env:"WRONG" unit:"sec"`
		Wrong2 map[string]time.Duration `env:"WRONG2" unit:"bytes"`
	}
	_, err := envcfg.Variables[config]()
	require.Len(t, err.(*envcfg.Error).Problems, 2) //nolint:errorlint // it is this package's own
	require.ErrorContains(t, err, `Wrong has the unknown unit "sec"`)
	require.ErrorContains(t, err, `Wrong2 has the unknown unit "bytes"`)
}

// Bytes are encoded also where they are elements.
func TestUnitsOfBytes(t *testing.T) {
	t.Parallel()
	type config struct {
		Plain   []byte            `env:"PLAIN" unit:"hex" default:"6869"`
		Pointer *[]byte           `env:"POINTER" unit:"base64" default:"aGk="`
		Named   map[string][]byte `env:"NAMED" unit:"base64" default:"a=aGk"`
		List    [][]byte          `env:"LIST" unit:"hex" default:"6869,6f"`
	}
	_, err := envcfg.Variables[config]()
	require.NoError(t, err)
	c, err := envcfg.Load[config](envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	hi := []byte("hi")
	require.Equal(t, config{hi, &hi, map[string][]byte{"a": hi}, [][]byte{hi, []byte("o")}}, c)

	type wrong struct {
		Plain   []byte             `env:"PLAIN" unit:"bytes"`
		Pointer *[]byte            `env:"POINTER" unit:"bytes"`
		Named   map[string][]byte  `env:"NAMED" unit:"s"`
		List    [][]byte           `env:"LIST" unit:"base32"`
		Texts   []string           `env:"TEXTS" unit:"hex"`
		Default map[string]*[]byte `env:"DEFAULT" unit:"hex" default:"a=xy"`
	}
	_, err = envcfg.Variables[wrong]()
	require.Len(t, err.(*envcfg.Error).Problems, 6) //nolint:errorlint // it is this package's own
	require.ErrorContains(t, err, "DEFAULT  default: has a wrong value, which is not hex")
}

// A variable is required when any of its fields says so, and where a default does not make up for it.
func TestRequiredVariables(t *testing.T) {
	t.Parallel()
	type config struct {
		First  string        `env:"SHARED"`
		Second string        `env:"SHARED,required"`
		Third  string        `env:"OPTIONAL"`
		Fourth string        `env:"REVERSED,required"`
		Fifth  string        `env:"REVERSED"`
		Key    envcfg.Secret `env:"KEYED,required" default.testing:"hunter2" default.staging:""`
	}
	variables, err := envcfg.Variables[config]()
	require.NoError(t, err)
	require.True(t, variables[0].Required)
	require.True(t, variables[1].Required)
	require.False(t, variables[2].Required)
	require.True(t, variables[3].Required)
	require.True(t, variables[4].Required)
	require.True(t, variables[5].Required)
	require.Equal(t, map[string]string{"testing": "[redacted]", "staging": ""}, variables[5].Defaults)
}
