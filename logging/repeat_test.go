package logging_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging"
)

func TestRepetitionsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		c := onlyConsole(&b)
		c.Repeat = logging.Repeat{First: 5, Interval: 10 * time.Second}
		l, err := logging.New(c)
		require.NoError(t, err)
		log := l.Named("app")
		const bursts, each = 20, 100
		for range bursts {
			for range each {
				log.Info("often")
				log.Warn("often")
				log.Error("an error")
				log.Named("db").Info("often")
				l.Slog("app").Debug("often")
			}
			time.Sleep(7 * time.Second)
		}
		require.NoError(t, l.Close(t.Context()))
		logged, told, errs := map[string]int{}, map[string]float64{}, 0
		var seconds float64
		for _, r := range records(t, &b) {
			key := fmt.Sprint(r["logger"], " ", r["level"])
			switch r["message"] {
			case "often":
				logged[key]++
			case "an error":
				errs++
			default:
				require.Equal(t, "records suppressed", r["message"])
				extra, ok := r["extra_data"].(map[string]any)
				require.True(t, ok)
				require.Equal(t, "often", extra["repeated"])
				n, ok := extra["suppressed"].(float64)
				require.True(t, ok)
				told[key] += n
				seconds += extra["seconds"].(float64)
			}
		}
		require.Equal(t, bursts*each, errs)
		var all float64
		for _, key := range []string{"app INFO", "app WARNING", "app.db INFO", "app DEBUG"} {
			require.Equal(t, bursts*each, logged[key]+int(told[key]), key)
			require.LessOrEqual(t, logged[key], 5*bursts, key)
			require.GreaterOrEqual(t, logged[key], 5*bursts/2, key)
			all += told[key]
		}
		require.Len(t, logged, 4)
		require.Equal(t, uint64(all), l.Stats().Suppressed)
		require.Positive(t, seconds)
	})
}

func TestRepetitionsThatEndAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		c := onlyConsole(&b)
		c.Repeat.First = 1
		l := newLogs(t, c)
		for range 3 {
			l.Logger().Info("often")
		}
		time.Sleep(2*logging.DefaultRepeatInterval + 1)
		synctest.Wait()
		require.Contains(t, b.String(), `"extra_data":{"suppressed":2,"repeated":"often","seconds":10}`)
		require.NotContains(t, b.String(), `"message":"records suppressed","module"`)
	})
}

func TestMemoryOfRepetitionsIsBounded(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Repeat.First = 1
	log := newLogs(t, c).Logger()
	const all = 20000
	for i := range all {
		for range 2 {
			log.Info(fmt.Sprint("message ", i))
		}
	}
	long := strings.Repeat("x", 2000)
	log.Info(long)
	log.Info(long)
	n := strings.Count(b.String(), "\n")
	require.Equal(t, 2*all-8192+2, n)
}
