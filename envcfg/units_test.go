package envcfg_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
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

// Sizes of Kubernetes are read, and none is so large, in either direction, that it comes out as another.
func TestSizesInAllUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]envcfg.Bytes{
		"512Mi": 512 << 20, "1Gi": 1 << 30, "64Ki": 64 << 10, "2ti": 2 << 40, "1 Pi": 1 << 50, "1.5Gi": 3 << 29, "1_000": 1000,
		"-1Ki": -1024, "-8589934592G": -1 << 63, "8589934591G": (1<<33 - 1) << 30,
	} {
		var b envcfg.Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, b, text)
	}
	for text, want := range map[string]string{
		"-8589934593G": "is too large", "8589934592G": "is too large", "-9223372036854775809": "is not a size", "1i": "is not a size", "1Bi": "is not a size",
		"1__0": "is not a size", "_1": "is not a size",
	} {
		var b envcfg.Bytes
		require.ErrorContains(t, b.UnmarshalText([]byte(text)), want, text)
	}
}

// Weeks and days stand in front of Go's notation, in this order.
func TestDays(t *testing.T) {
	t.Parallel()
	type config struct {
		D time.Duration `env:"D"`
	}
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"7d": 7 * day, "2w": 14 * day, "1.5d": 36 * time.Hour, "1d12h": 36 * time.Hour, "1w2d": 9 * day, "1w2d3h4m": 9*day + 3*time.Hour + 4*time.Minute,
		"-1d12h": -36 * time.Hour, "+1w1ns": 7*day + 1, ".5d": 12 * time.Hour, "1w30m": 7*day + 30*time.Minute, "0d": 0,
		"106751d23h47m16.854775807s": 1<<63 - 1,
	} {
		c, err := load[config]("D=" + text)
		require.NoError(t, err, text)
		require.Equal(t, want, c.D, text)
	}
	for _, text := range []string{"2d1w", "1h2d", "1d1d", "d", "1d-1h", "1d+1h", "--1d", "-+1d", "1d0", "1dx", "106752d", "15251w", "106751d23h47m16.854775808s", "infd", "nand", "0x1p4d", "1_0d"} {
		_, err := load[config]("D=" + text)
		require.ErrorContains(t, err, "is not a duration", text)
	}
}

// Underscores stand between digits, one at a time.
func TestUnderscores(t *testing.T) {
	t.Parallel()
	type config struct {
		I int           `env:"I"`
		U uint          `env:"U"`
		D time.Duration `env:"D" unit:"s"`
	}
	for _, text := range []string{"8_0", "1_000_000", " 0_1 "} {
		_, err := load[config]("I="+text, "U="+text, "D="+text)
		require.NoError(t, err, text)
	}
	for _, text := range []string{"8__0", "-_5", "_5", "5_", "1_x", "_"} {
		for _, name := range []string{"I", "U", "D"} {
			_, err := load[config](name + "=" + text)
			require.Error(t, err, "%s=%s", name, text)
		}
	}
}
