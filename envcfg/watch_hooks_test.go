package envcfg_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

type renamed struct {
	Limit int    `env:"LIMIT" deprecated:"OLD_LIMIT"`
	Text  string `env:"TEXT,safe"`
}

// A hook may use the Watcher, also to reload; a warning is told once.
func TestWatcherHooksMayUseIt(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "OLD_LIMIT=1"})
	write := func(text string) { require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600)) }
	var w *envcfg.Watcher[renamed]
	var told []string
	o := envcfg.Options{Environ: []string{}, Files: in(dir), OnWarning: func(p envcfg.Problem) {
		told = append(told, p.Name)
		if w != nil {
			w.Report()
		}
	}}
	w, err := envcfg.NewWatcher[renamed](o, envcfg.WatchConfig{OnChange: func(changes []envcfg.Change) {
		told = append(told, changes[0].New)
		if w.Current().Limit == 2 {
			write("OLD_LIMIT=3")
			_, err := w.Reload()
			require.NoError(t, err)
			told = append(told, "reloaded")
		}
	}})
	require.NoError(t, err)
	for range 3 {
		_, err := w.Reload()
		require.NoError(t, err)
	}
	require.Equal(t, []string{"LIMIT"}, told)
	write("LIMIT=2")
	_, err = w.Reload()
	require.NoError(t, err)
	require.Equal(t, []string{"LIMIT", "2", "reloaded", "LIMIT", "3"}, told, "in order, and the warning is a new one")
	require.Equal(t, 3, w.Current().Limit)
}

// Many reloads call OnChange one at a time, in the order in which they were put in force.
func TestWatcherHooksAreCalledInOrder(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "TEXT=0"})
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // held by the hook
		var got []string
		w, err := envcfg.NewWatcher[renamed](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{OnChange: func(c []envcfg.Change) {
			if !mu.TryLock() {
				t.Error("two at a time")
				return
			}
			defer mu.Unlock()
			time.Sleep(time.Second)
			got = append(got, c[0].New)
		}})
		require.NoError(t, err)
		var reloads sync.WaitGroup
		for _, text := range []string{"1", "2", "3"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("TEXT="+text), 0o600))
			reloads.Go(func() { _, _ = w.Reload() })
			synctest.Wait()
		}
		reloads.Wait()
		require.Equal(t, []string{"1", "2", "3"}, got)
	})
}

// A hook that panics leaves nothing locked.
func TestWatcherOutlivesPanics(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "LIMIT=1"})
	w, err := envcfg.NewWatcher[renamed](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{OnChange: func([]envcfg.Change) { panic("hook") }})
	require.NoError(t, err)
	for _, text := range []string{"LIMIT=2", "LIMIT=3"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600))
		require.Panics(t, func() { _, _ = w.Reload() })
	}
	require.Equal(t, 3, w.Current().Limit)
	require.NotNil(t, w.Report())
}

// What differs is found where no setting of its own shows it.
func TestWatcherMissesNothing(t *testing.T) {
	t.Parallel()
	type config struct {
		A int `env:"SAME" default:"1"`
		B int `env:"SAME" default:"1" default.production:"3"`
	}
	dir := files(t, map[string]string{"env": "ENVIRONMENT=staging"})
	path := filepath.Join(dir, "env")
	w, err := envcfg.NewWatcher[config](envcfg.Options{Environ: []string{}, Files: []string{path}}, envcfg.WatchConfig{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("ENVIRONMENT=production"), 0o600))
	changes, err := w.Reload()
	require.NoError(t, err)
	require.Equal(t, []envcfg.Change{
		{Name: "SAME", Old: "1", New: "3", Origin: envcfg.Origin{Layer: envcfg.FromDefault}},
		{Name: "ENVIRONMENT", Old: "staging", New: "production", Origin: envcfg.Origin{Layer: envcfg.FromFile, File: path, Line: 1}},
	}, changes)
	require.Equal(t, config{A: 1, B: 3}, *w.Current())

	// A file that disappears takes nothing out of force.
	require.NoError(t, os.Remove(path))
	_, err = w.Reload()
	require.ErrorContains(t, err, "was read before and is missing now")
	require.Equal(t, "production", w.Report().Environment)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	changes, err = w.Reload()
	require.NoError(t, err)
	require.Len(t, changes, 2)
}
