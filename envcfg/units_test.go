package envcfg_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Large numbers are not rounded on their way.
func TestExactNumbers(t *testing.T) {
	t.Parallel()
	type config struct {
		D    time.Duration `env:"D" unit:"ns"`
		Size uint64        `env:"SIZE" unit:"bytes" check:"max=10MB"`
		Max  int64         `env:"MAX" check:"max=9007199254740992"`
		U    uint64        `env:"U" check:"min=-1"`
		Port string        `env:"PORT" check:"port"`
		Num  int           `env:"NUM_PORT" check:"port"`
	}
	for _, text := range []string{"9223372036854775807", "9007199254740993"} {
		c, err := load[config]("D=" + text)
		require.NoError(t, err)
		require.Equal(t, text, strconv.FormatInt(int64(c.D), 10))
	}
	_, err := load[config]("SIZE=1MB", "U=18446744073709551615", "NUM_PORT= 8_080 ")
	require.NoError(t, err)
	for _, pair := range []string{"D=9223372036854775808", "SIZE=11MB", "MAX=9007199254740993", "PORT= 80 "} {
		_, err := load[config](pair)
		require.Error(t, err, pair)
	}
}
