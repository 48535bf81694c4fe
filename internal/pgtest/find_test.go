package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

func TestFindHonoursTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(pgtest.BinEnv, dir)
	_, err := pgtest.Find()
	require.ErrorContains(t, err, pgtest.BinEnv)
	require.ErrorContains(t, err, dir)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "initdb"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte("#!/bin/sh\necho 'postgres (PostgreSQL) 99.1 (Else 99.1-1)'\n"), 0o700))
	bin, err := pgtest.Find()
	require.NoError(t, err)
	require.Equal(t, pgtest.Binaries{Dir: dir, Version: "99.1", Major: 99}, bin)
	require.Equal(t, filepath.Join(dir, "pg_dump"), bin.Path("pg_dump"))
}

func TestNotFoundSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	err := &pgtest.NotFoundError{Program: "PostgreSQL", Install: "sudo apt-get install postgresql"}
	require.EqualError(t, err, "pgtest: PostgreSQL is not installed; install it with: sudo apt-get install postgresql")
}

// userEnv makes this test binary start a server, break its prepared cluster, and start another one.
const userEnv = "PGTEST_BE_USER"

func beUser() {
	if err := startTwice(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func startTwice(ctx context.Context) error {
	if os.Getuid() == 0 {
		return errors.New("still root")
	}
	first, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "prodwright", "pgtest", "*", "global", "pg_control"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("prepared clusters: %v, %w", found, err)
	}
	if err := os.Truncate(found[0], 0); err != nil {
		return err
	}
	second, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		return fmt.Errorf("from a broken prepared cluster: %w", err)
	}
	return errors.Join(first.Exec(ctx, "postgres", "select 1"), second.Exec(ctx, "postgres", "select 1"), first.Close(), second.Close())
}

// An ordinary user starts servers too, and a prepared cluster that was damaged is made again.
func TestAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root to become somebody else; otherwise every other test runs as an ordinary user")
	}
	if _, err := pgtest.Find(); err != nil {
		pgtest.New(t, pgtest.Config{}) // skips or fails
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("/tmp", "pgtest-user") //nolint:usetesting // t.TempDir is closed to others
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chown(dir, nobody, nobody))
	program := filepath.Join(dir, "test")
	text, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, text, 0o755))
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), userEnv+"=1", "HOME="+dir, "XDG_CACHE_HOME="+dir, "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
