package logging_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/logging"
)

// Texts are looked at by words of eight bytes, and the last of them by what is left: a byte is escaped wherever it is.
func TestEveryByteAtEveryPlace(t *testing.T) {
	t.Parallel()
	for length := 1; length <= 25; length++ {
		for place := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("x", length))
				text[place] = byte(c)
				r := logging.Record{Message: string(text)}
				line := r.AppendJSON(nil)
				for _, b := range line {
					require.False(t, b < ' ' || b == 0x7f, "%q", line)
				}
				var back struct{ Message string }
				require.NoError(t, json.Unmarshal(line, &back), "%q", line)
				require.Equal(t, replaced(string(text)), back.Message)
			}
		}
	}
}

func TestDurationsAreExactSeconds(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := newLogs(t, onlyConsole(&b)).Logger()
	durations := []time.Duration{0, 1, -1, 10, time.Second, -time.Second, 1500 * time.Millisecond, time.Hour, time.Hour + 1, math.MaxInt64, math.MinInt64}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		durations = append(durations, time.Duration(r.Int64()>>r.IntN(63)), -time.Duration(r.Int64()>>r.IntN(63)))
	}
	for _, d := range durations {
		b.Reset()
		log.Info("m", zap.Duration("d", d))
		_, text, _ := strings.Cut(b.String(), `"d":`)
		text = strings.TrimSuffix(text, "}}\n")
		seconds, ok := new(big.Rat).SetString(text)
		require.True(t, ok, "%s", text)
		require.Zero(t, big.NewRat(int64(d), int64(time.Second)).Cmp(seconds), "%d is %s", d, text)
		require.True(t, json.Valid([]byte(text)), "%s", text)
		require.False(t, strings.Contains(text, ".") && strings.HasSuffix(text, "0"), "%s", text)
	}
}

func TestTimesAreThoseOfTheFormat(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		at := time.Unix(r.Int64N(253402300800+62167219200)-62167219200, r.Int64N(1e9)).In(time.FixedZone("", r.IntN(80_000)-40_000))
		record := logging.Record{Time: at}
		require.Contains(t, string(record.AppendJSON(nil)), `"`+at.UTC().Format("2006-01-02T15:04:05.000000Z")+`"`)
	}
}
