package rotate

import (
	"io/fs"
	"os"
)

// renameAbsent gives a file a name that nothing had a moment before. Those who might take it hold the lock.
func renameAbsent(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
