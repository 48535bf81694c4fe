package rotate

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// rename gives a file a name that nothing has. It fails with fs.ErrExist when something does.
func rename(from, to string) error {
	call := map[string]uintptr{"amd64": 316, "arm64": 276, "riscv64": 276, "loong64": 276}[runtime.GOARCH] // renameat2, which syscall lacks
	if call == 0 {
		return renameAbsent(from, to)
	}
	const (
		here      = -100 // AT_FDCWD
		noReplace = 1
	)
	a, err := syscall.BytePtrFromString(from)
	if err != nil {
		return err
	}
	b, err := syscall.BytePtrFromString(to)
	if err != nil {
		return err
	}
	dir := here
	_, _, errno := syscall.Syscall6(call, uintptr(dir), uintptr(unsafe.Pointer(a)), uintptr(dir), uintptr(unsafe.Pointer(b)), noReplace, 0) //nolint:gosec // as package unix does
	switch {
	case errno == 0:
		return nil
	case errors.Is(errno, syscall.ENOSYS), errors.Is(errno, syscall.EINVAL), errors.Is(errno, syscall.ENOTSUP):
		return renameAbsent(from, to) // the kernel or the file system does not know it
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: errno}
}
