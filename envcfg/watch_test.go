package envcfg_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

type watched struct {
	Limit  int           `env:"LIMIT" default:"1" check:"max=100"`
	Key    envcfg.Secret `env:"API_KEY"`
	Static string        `env:"STATIC,safe"`
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "LIMIT=1\nAPI_KEY=old"})
	write := func(text string) { require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600)) }
	synctest.Test(t, func(t *testing.T) {
		var changes []envcfg.Change
		var errs []string
		w, err := envcfg.NewWatcher[watched](envcfg.Options{Environ: []string{"STATIC=x"}, Files: in(dir)}, envcfg.WatchConfig{
			OnChange: func(c []envcfg.Change) { changes = append(changes, c...) },
			OnError:  func(err error) { errs = append(errs, err.Error()) },
		})
		require.NoError(t, err)
		require.Equal(t, 1, w.Current().Limit)
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { require.NoError(t, w.Run(ctx)) })
		synctest.Wait()
		require.ErrorContains(t, w.Run(ctx), "is running already")
		looks := func(n int) {
			time.Sleep(time.Duration(n) * envcfg.DefaultWatchInterval)
			synctest.Wait()
		}
		time.Sleep(time.Millisecond) // after the ticks

		looks(3)
		require.Empty(t, changes)

		// Half a file is not taken: only what two looks in a row have found.
		write("LIMIT=5")
		looks(1)
		require.Equal(t, 1, w.Current().Limit)
		write("LIMIT=50\nAPI_KEY=new")
		looks(1)
		require.Equal(t, 1, w.Current().Limit)
		looks(1)
		require.Equal(t, 50, w.Current().Limit)
		require.Equal(t, "new", w.Current().Key.Reveal())
		require.Len(t, changes, 2)
		require.Equal(t, envcfg.Change{Name: "LIMIT", Old: "1", New: "50", Origin: changes[0].Origin}, changes[0])
		require.Equal(t, envcfg.Change{Name: "API_KEY", Old: "[redacted]", New: "[redacted]", Origin: changes[1].Origin}, changes[1])

		// What is invalid is reported once and not put in force.
		write("LIMIT=500\nAPI_KEY=new")
		looks(5)
		require.Len(t, errs, 1)
		require.Contains(t, errs[0], `"500" must be at most 100`)
		require.Equal(t, 50, w.Current().Limit)
		write("LIMIT=x")
		looks(5)
		require.Len(t, errs, 2)
		write("LIMIT=50\nAPI_KEY=new")
		looks(3)
		require.Len(t, changes, 2, "back to what was in force")
		write("LIMIT=500")
		looks(3)
		require.Len(t, errs, 3, "the same mistake again is a new one")

		// Reload takes a file at once.
		write("LIMIT=7")
		got, err := w.Reload()
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, 7, w.Current().Limit)
		s, _ := w.Report().Setting("LIMIT")
		require.Equal(t, "7", s.Value)
		write("LIMIT=x")
		_, err = w.Reload()
		require.Error(t, err)
		require.Equal(t, 7, w.Current().Limit)

		cancel()
		done.Wait()
	})
}

func TestWatcherNeedsAGoodStart(t *testing.T) {
	t.Parallel()
	_, err := envcfg.NewWatcher[watched](envcfg.Options{Environ: []string{"LIMIT=x"}, Files: []string{}}, envcfg.WatchConfig{})
	require.ErrorContains(t, err, "LIMIT")
}

// Readers never see half a configuration: both fields are of the same version.
func TestWatcherSwapsAtomically(t *testing.T) {
	t.Parallel()
	type pair struct {
		A string `env:"A,safe"`
		B string `env:"B,safe"`
	}
	dir := files(t, map[string]string{".env": "A=0\nB=0"})
	w, err := envcfg.NewWatcher[pair](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{})
	require.NoError(t, err)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if c := w.Current(); c.A != c.B {
						t.Error("half a configuration")
						return
					}
				}
			}
		})
	}
	for i := range 200 {
		text := strings.ReplaceAll("A=#\nB=#", "#", strings.Repeat("x", i%7))
		temporary := filepath.Join(dir, "new")
		require.NoError(t, os.WriteFile(temporary, []byte(text), 0o600))
		require.NoError(t, os.Rename(temporary, filepath.Join(dir, ".env")))
		_, err := w.Reload()
		require.NoError(t, err)
	}
	close(stop)
	readers.Wait()
}
