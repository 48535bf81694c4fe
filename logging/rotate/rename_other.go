//go:build !linux

package rotate

// rename gives a file a name that nothing has. It fails with fs.ErrExist when something does.
func rename(from, to string) error { return renameAbsent(from, to) }
