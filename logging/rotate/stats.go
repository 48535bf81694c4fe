package rotate

// Stats is what a [File] did since it was opened. Other processes that share the file count their own.
type Stats struct {
	Lines     int64 // acknowledged
	Bytes     int64 // of these
	Errors    int64 // lines that were not acknowledged
	Rotations int64 // by this File
	Reopened  int64 // times that somebody else had rotated, moved or deleted the live file
	Healed    int64 // unfinished lines of others, or of failed writes, that were ended so that they take no good one with them
	Lost      int64 // lines at most that were acknowledged while the file had been deleted, until that was noticed, or that Close could not write again
	Failures  int64 // of rotation, compression and retention, as OnError is told

	Compressed int64 // rotated files
	Removed    int64 // rotated files that were too many, too old or too large
}

// Stats returns the numbers so far, also of a closed File.
func (f *File) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Lines, s.Bytes = f.lines, f.bytes
	return s
}

// count changes the numbers without the lock being held.
func (f *File) count(change func(*Stats)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.stats)
}
