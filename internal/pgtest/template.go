package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// initdbArgs make a cluster that any superuser "postgres" connection is trusted in; pg_hba.conf is replaced later.
var initdbArgs = [...]string{
	"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
}

// newDataDir puts a fresh cluster into dir, which must not exist: a copy of the machine's prepared one, or, when foreign
// is set, one of its own with a system identifier of its own.
func (o owner) newDataDir(ctx context.Context, b Binaries, dir string, foreign bool) error {
	cache := o.cacheDir()
	if foreign || cache == "" {
		return o.initdb(ctx, b, dir)
	}
	template, err := o.template(ctx, b, cache)
	if err != nil {
		return err
	}
	return o.run(ctx, "cp", "-Rp", template, dir)
}

// template returns the prepared cluster, making it first if need be. One process makes it while others wait; it gets
// its final name when it is complete, so that an interrupted attempt is never used.
func (o owner) template(ctx context.Context, b Binaries, cache string) (string, error) {
	key := sha256.Sum256([]byte(b.Version + "\n" + b.Dir + "\n" + strings.Join(initdbArgs[:], "\n")))
	template := filepath.Join(cache, fmt.Sprintf("%d-%s", b.Major, hex.EncodeToString(key[:6])))
	if complete(template) {
		return template, nil
	}
	lock, err := os.OpenFile(template+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("pgtest: cache: %w", err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("pgtest: cache: %w", err)
	}
	if complete(template) {
		return template, nil
	}
	aside := template + ".new"
	if err := errors.Join(os.RemoveAll(aside), os.RemoveAll(template)); err != nil {
		return "", fmt.Errorf("pgtest: cache: %w", err)
	}
	if err := o.initdb(ctx, b, aside); err != nil {
		return "", err
	}
	if err := os.Rename(aside, template); err != nil {
		return "", fmt.Errorf("pgtest: cache: %w", err)
	}
	return template, nil
}

// complete reports whether a cluster has the files without which it cannot start.
func complete(dir string) bool {
	for _, name := range []string{"PG_VERSION", "postgresql.conf", "global/pg_control", "base/1/PG_VERSION"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			return false
		}
	}
	return true
}

func (o owner) initdb(ctx context.Context, b Binaries, dir string) error {
	return o.run(ctx, b.Path("initdb"), append(initdbArgs[:], "-D", dir)...)
}

// run runs a program as o. Its output becomes part of the error.
func (o owner) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	o.own(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", filepath.Base(name), err, tail(string(out), 20))
	}
	return nil
}
