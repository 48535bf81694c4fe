package envcfg_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// What a Watcher reads again and again must be files that stay.
func TestWatcherAndFilesOfSecrets(t *testing.T) {
	t.Parallel()
	type config struct {
		Key   envcfg.Secret `env:"API_KEY" default:"none"`
		Cache *struct {
			TTL int `env:"TTL" default:"10"`
		} `prefix:"CC_"`
	}
	dir := files(t, map[string]string{"API_KEY": "k", ".env": ""})
	w, err := envcfg.NewWatcher[config](envcfg.Options{Environ: []string{}, Files: in(dir), SecretDirs: []string{dir}}, envcfg.WatchConfig{})
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "API_KEY")))
	_, err = w.Reload()
	require.ErrorContains(t, err, "API_KEY: "+filepath.Join(dir, "API_KEY")+": was read before and is missing now")
	require.Equal(t, "k", w.Current().Key.Reveal())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "API_KEY"), []byte("new"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("CC_TTL=10\n"), 0o600))
	changes, err := w.Reload()
	require.NoError(t, err)
	require.Len(t, changes, 2, "that the struct is there is a change, too")
	require.Equal(t, 10, w.Current().Cache.TTL)

	// A file that NAME_FILE names may be another one.
	write := func(text string) { require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600)) }
	for _, name := range []string{"k1", "k2"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	write("API_KEY_FILE=" + filepath.Join(dir, "k1"))
	w, err = envcfg.NewWatcher[config](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{})
	require.NoError(t, err)
	write("API_KEY_FILE=" + filepath.Join(dir, "k2"))
	require.NoError(t, os.Remove(filepath.Join(dir, "k1")))
	_, err = w.Reload()
	require.NoError(t, err)
	require.Equal(t, "k2", w.Current().Key.Reveal())
	require.NoError(t, os.Remove(filepath.Join(dir, "k2")))
	if syscall.Mkfifo(filepath.Join(dir, "k2"), 0o600) == nil {
		_, err = w.Reload()
		require.ErrorContains(t, err, "is no regular file", "also one that comes later")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "k2")))
	write("API_KEY=three")
	_, err = w.Reload()
	require.NoError(t, err)

	pipe := filepath.Join(dir, "pipe")
	if syscall.Mkfifo(pipe, 0o600) == nil {
		_, err = envcfg.NewWatcher[config](envcfg.Options{Environ: []string{"API_KEY_FILE=" + pipe}, Files: []string{}}, envcfg.WatchConfig{})
		require.ErrorContains(t, err, "is no regular file")
	}
}

// A value that has become a secret in the same moment is not shown as the old one.
func TestChangesHideWhatIsASecretNow(t *testing.T) {
	t.Parallel()
	type config struct {
		Note string        `env:"NOTE,safe"`
		Key  envcfg.Secret `env:"API_KEY"`
	}
	dir := files(t, map[string]string{".env": "NOTE=hunter2hunter2"})
	w, err := envcfg.NewWatcher[config](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("API_KEY=hunter2hunter2"), 0o600))
	changes, err := w.Reload()
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(changes), "hunter2")
}

// An error is told when two looks have found it, and again after it was gone for a while.
func TestWatcherTellsErrorsAgain(t *testing.T) {
	t.Parallel()
	type config struct {
		Port int `env:"PORT"`
	}
	dir := files(t, map[string]string{".env": "PORT=1"})
	write := func(text string) { require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600)) }
	synctest.Test(t, func(t *testing.T) {
		told := 0
		w, err := envcfg.NewWatcher[config](envcfg.Options{Environ: []string{}, Files: in(dir)}, envcfg.WatchConfig{OnError: func(error) { told++ }})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = w.Run(ctx) }()
		look := func() { time.Sleep(envcfg.DefaultWatchInterval); synctest.Wait() }
		time.Sleep(time.Millisecond)
		for round := range 2 {
			write("PORT=x")
			look()
			require.Equal(t, round, told, "half a file is no error yet")
			write("PORT=2")
			look()
			require.Equal(t, 1, w.Current().Port, "nor is what one look has found")
			write("PORT=x")
			look()
			look()
			look()
			require.Equal(t, round+1, told)
			write("PORT=2\nB C=x") // the same values, but wrong
			look()
			write("PORT=2")
			look()
			require.Equal(t, 1, w.Current().Port, "one look has found it right")
			write("PORT=1")
			look()
			look()
		}
		require.Equal(t, 1, w.Current().Port)
		cancel()
		synctest.Wait()
	})
}
