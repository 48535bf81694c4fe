package logging_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/rotate"
)

func TestEnvironmentOfTheRequirements(t *testing.T) {
	t.Parallel()
	load := func(env ...string) (logging.Config, error) {
		return envcfg.Load[logging.Config](envcfg.Options{Environ: env, Files: []string{}, Profiles: map[string]map[string]string{"development": nil}})
	}
	c, err := load()
	require.NoError(t, err)
	require.Equal(t, logging.Config{
		Level: "INFO", Dir: "/var/log/app",
		Console:   logging.Console{Enabled: logging.On, Level: "INFO"},
		File:      logging.File{Enabled: logging.On, Name: "application.log", Level: "INFO", Structured: logging.On, Rotate: logging.On, MaxBytes: 10485760, Backups: 5},
		ErrorFile: logging.ErrorFile{Enabled: logging.On, Name: "error.log", MaxBytes: 5242880, Backups: 10},
		Caller:    logging.On, Repeat: logging.Repeat{Interval: 10 * time.Second},
	}, c)
	c, err = load("LOG_LEVEL=WARNING", "LOG_LEVELS=app.db=DEBUG,http=ERROR", "LOG_DIR=/logs", "LOG_CONSOLE_ENABLED=false", "LOG_CONSOLE_LEVEL=ERROR", "LOG_CONSOLE_STRUCTURED=true",
		"LOG_FILE_ENABLED=no", "LOG_FILE_NAME=a.log", "LOG_FILE_LEVEL=DEBUG", "LOG_FILE_STRUCTURED=off", "LOG_FILE_ROTATE=0", "LOG_FILE_MAX_BYTES=1MiB", "LOG_FILE_BACKUP_COUNT=1",
		"LOG_ERROR_FILE_ENABLED=false", "LOG_ERROR_FILE_NAME=e.log", "LOG_ERROR_FILE_MAX_BYTES=2048", "LOG_ERROR_FILE_BACKUP_COUNT=2", "LOG_RELEASE=v1", "LOG_CALLER=off", "LOG_REPEAT_FIRST=7", "LOG_REPEAT_INTERVAL=1m")
	require.NoError(t, err)
	require.Equal(t, logging.Config{
		Level: "WARNING", Levels: map[string]string{"app.db": "DEBUG", "http": "ERROR"}, Dir: "/logs",
		Console:   logging.Console{Enabled: logging.Disable, Level: "ERROR", Structured: true},
		File:      logging.File{Enabled: logging.Disable, Name: "a.log", Level: "DEBUG", Structured: logging.Disable, Rotate: logging.Disable, MaxBytes: 1 << 20, Backups: 1},
		ErrorFile: logging.ErrorFile{Enabled: logging.Disable, Name: "e.log", MaxBytes: 2048, Backups: 2},
		Caller:    logging.Disable, Release: "v1", Repeat: logging.Repeat{First: 7, Interval: time.Minute},
	}, c)
	_, err = load("LOG_CONSOLE_ENABLED=ture", "LOG_LEVEL=LOUD")
	require.ErrorContains(t, err, "LOG_CONSOLE_ENABLED")
	_, err = load("LOG_LEVEL=LOUD")
	require.ErrorContains(t, err, "LOG_LEVEL")
}

func TestValidateNamesEverything(t *testing.T) {
	t.Parallel()
	require.NoError(t, logging.Config{}.Validate())
	c := logging.Config{
		Level: "loud", Levels: map[string]string{"": "INFO", "a": "silent", "b": ""}, Console: logging.Console{Level: "x"},
		File:      logging.File{Name: "same.log", Level: "y", MaxBytes: 99, Backups: -2},
		ErrorFile: logging.ErrorFile{Name: "./same.log", MaxBytes: -3, Backups: -4},
		Files:     logging.Files{MaxAge: -5},
		Repeat:    logging.Repeat{First: -1, Interval: -1}, Sinks: []logging.Sink{nil}, Cores: []zapcore.Core{nil},
	}
	err := c.Validate()
	for _, want := range []string{
		`Level is "loud": must be DEBUG`, `Levels has ""="INFO"`, `Levels["a"] is "silent"`, `Levels has "b"=""`, `Console.Level is "x"`, `File.Level is "y"`,
		"File.MaxBytes is 99: must be at least 1024, or -1 for no limit", "File.Backups is -2", "File.MaxAge is -5ns", "ErrorFile.MaxBytes is -3", "ErrorFile.Backups is -4", "ErrorFile.MaxAge is -5ns", "must differ",
		"Repeat.First is -1", "Repeat.Interval is -1ns", "Sinks[0] is nil", "Cores[0] is nil",
	} {
		require.ErrorContains(t, err, want)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 17)
	_, newErr := logging.New(c)
	require.EqualError(t, newErr, "logging: invalid configuration:\n"+err.Error())
}

func TestFilesOfTheDefaults(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "for it")
	var console bytes.Buffer
	l, err := logging.New(logging.Config{Dir: dir, Console: logging.Console{Writer: &console}})
	require.NoError(t, err)
	l.Named("app").Debug("not logged")
	l.Named("app").Info("information")
	l.Named("app").Error("an error")
	require.NoError(t, l.Close(t.Context()))
	application, err := os.ReadFile(filepath.Join(dir, "application.log"))
	require.NoError(t, err)
	errs, err := os.ReadFile(filepath.Join(dir, "error.log"))
	require.NoError(t, err)
	require.Regexp(t, `^\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","level":"INFO","logger":"app","message":"information",`, string(application))
	require.Equal(t, 2, bytes.Count(application, []byte("\n")))
	require.Equal(t, 1, bytes.Count(errs, []byte("\n")))
	require.True(t, bytes.HasSuffix(application, errs), "the same line in both")
	require.Regexp(t, `^\S+Z - app - INFO - information\n\S+Z - app - ERROR - an error\n {4}github.com`, console.String())
}

func TestRotateAndReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "application.log")
	l, err := logging.New(logging.Config{Dir: dir, Console: logging.Console{Enabled: logging.Disable}, Caller: logging.Disable})
	require.NoError(t, err)
	l.Logger().Info("one")
	require.NoError(t, l.Rotate())
	l.Logger().Info("two")
	require.NoError(t, os.Rename(path, filepath.Join(dir, "moved")))
	require.NoError(t, l.Reopen())
	l.Logger().Info("three")
	require.Equal(t, int64(3), l.FileStats()[path].Lines)
	require.Equal(t, int64(1), l.FileStats()[path].Rotations)
	require.Len(t, l.FileStats(), 2)
	require.NoError(t, l.Close(t.Context()))
	require.ErrorIs(t, l.Rotate(), rotate.ErrClosed)
	require.ErrorContains(t, l.Reopen(), "logging: reopen: ")
	var got []string
	for _, p := range []string{path, filepath.Join(dir, "moved")} {
		for line, err := range rotate.Lines(p) {
			require.NoError(t, err)
			got = append(got, string(line))
		}
	}
	require.Len(t, got, 3)
	require.Contains(t, got[0], "one")
	require.Contains(t, got[1], "three")
	require.Contains(t, got[2], "two")
}

func TestNothingStaysOpenWhenAFileCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "error.log"), 0o700))
	closable := &sink{}
	_, err := logging.New(logging.Config{Dir: dir, Sinks: []logging.Sink{closable}})
	require.ErrorContains(t, err, "error.log")
	require.Zero(t, closable.closed, "it is still the caller's")
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]logging.Switch{"": logging.Default, "TRUE": logging.On, "yes": logging.On, "1": logging.On, "on": logging.On, "No": logging.Disable, "off": logging.Disable, "0": logging.Disable, "false": logging.Disable} {
		var s logging.Switch
		require.NoError(t, s.UnmarshalText([]byte(text)))
		require.Equal(t, want, s, text)
		back, err := s.MarshalText()
		require.NoError(t, err)
		var again logging.Switch
		require.NoError(t, again.UnmarshalText(back))
		require.Equal(t, s, again)
	}
	require.Equal(t, "true false default", logging.On.String()+" "+logging.Disable.String()+" "+logging.Default.String())
	require.Error(t, new(logging.Switch).UnmarshalText([]byte("ture")))
}
