package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// owner is the user that servers run as: the present one, or another one when the present one is root.
type owner struct {
	uid, gid int
	dropped  bool // not the present user
}

func findOwner() (owner, error) {
	if os.Getuid() != 0 {
		return owner{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil {
			return owner{uid: uid, gid: gid, dropped: true}, nil
		}
	}
	return owner{}, errors.New("pgtest: PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// own makes cmd run as o, in a process group of its own so that an interrupt from the terminal reaches the host program
// first, in a directory that o can reach, and without what this process's environment says about PostgreSQL or root's
// home: libpq falls back to plain text when it may not look for a certificate there.
func (o owner) own(cmd *exec.Cmd) {
	cmd.Dir = "/"
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "HOME=") })
	cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.dropped {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)} //nolint:gosec // ids fit
	}
}

// mkdir makes a directory of o's that only o (and root) can enter.
func (o owner) mkdir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return o.chown(path)
}

func (o owner) chown(path string) error {
	if !o.dropped {
		return nil
	}
	return os.Chown(path, o.uid, o.gid)
}

// writeFile writes a file that only o (and root) can read.
func (o owner) writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil { //nolint:gosec // in a directory that we made
		return err
	}
	return o.chown(path)
}

// tempDir makes a directory that o can reach. Root's own temporary directories may be closed to others, so as root it
// is made in /tmp, unless parent says where. Names are short because the path of a unix socket is limited to about 100 bytes.
func (o owner) tempDir(parent string) (string, error) {
	switch {
	case parent != "":
	case o.dropped:
		parent = "/tmp"
	default:
		parent = os.TempDir()
	}
	dir, err := os.MkdirTemp(parent, "pgt")
	if err != nil {
		return "", err
	}
	return dir, o.chown(dir)
}

// cacheDir returns where o's prepared data directories are kept, or "" when there is no safe place.
func (o owner) cacheDir() string {
	dir := filepath.Join("/var/tmp", fmt.Sprintf("prodwright-pgtest-%d", o.uid))
	if !o.dropped {
		cache, err := os.UserCacheDir()
		if err == nil && os.MkdirAll(filepath.Join(cache, "prodwright"), 0o700) == nil {
			dir = filepath.Join(cache, "prodwright", "pgtest")
		}
	}
	if err := o.mkdir(dir); err == nil {
		return dir
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return ""
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != o.uid { // somebody else's
		return ""
	}
	return dir
}
