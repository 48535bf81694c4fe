package kubetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is the version of Kubernetes, that of apiserver/go.mod.
const Version = "v1.37.2"

// NotFoundError is returned when a program is not there. Its text has the command that installs or builds it.
type NotFoundError struct {
	// Program is its name, and Install a shell command, from the root of the repository.
	Program, Install string
}

// Error names the program and the command.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("kubetest: %s is missing; get it with: %s", e.Program, e.Install)
}

// programs are the two that a server consists of.
type programs struct{ etcd, apiserver string }

// find locates them. Errors are a [*NotFoundError].
func find() (p programs, err error) {
	if p.etcd, err = exec.LookPath("etcd"); err != nil {
		return p, &NotFoundError{"etcd", "scripts/setup.sh test"}
	}
	p.apiserver = filepath.Join(cache(), "prodwright", "kube-apiserver-"+Version)
	if info, err := os.Stat(p.apiserver); err != nil || info.IsDir() {
		return p, &NotFoundError{"kube-apiserver " + Version, "scripts/kube-apiserver.sh"}
	}
	return p, nil
}

// cache is where scripts/kube-apiserver.sh puts what it builds: on every system the same, unlike os.UserCacheDir.
func cache() string {
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".cache")
}
