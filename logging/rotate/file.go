package rotate

import (
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// File is a log file that rotates. It is made by [Open]. All methods may be called at the same time, also on several Files of the
// same path, in this process or others.
type File struct {
	cfg     Config
	path    string
	limit   int64     // MaxBytes, or the largest number
	started time.Time // times that are durations count from here: reading only the monotonic clock is cheaper

	stale atomic.Bool // the clock has to be read; otherwise the timer is running and sets it
	timer *time.Timer

	mu       sync.Mutex    // guards what follows, and orders the lines
	h        *handle       // nil when closed
	now      time.Duration // when the clock was read
	unread   int           // for how many lines it need not be
	due      time.Duration
	retry    time.Duration // no rotation before
	backoff  time.Duration // between failed rotations
	busy     time.Duration // between attempts while somebody else rotates
	boundary time.Time     // when the period of the file ends
	strayed  bool          // the last attempt to open the live file failed
	stats    Stats
	buf      []byte
	reports  []error    // for OnError
	left     []*os.File // rotated files that are not synced yet
	newName  bool       // the directory is not synced since a file was made or renamed
	lines    int64      // acknowledged
	bytes    int64      // of these
	seen     int64      // of lines, when the live file was known to have a name

	syncMu sync.Mutex // held while syncing; taken before mu
	synced int64      // of lines

	worker worker
}

const (
	// lookEvery is how long it goes unnoticed that the live file was moved or deleted.
	lookEvery = 100 * time.Millisecond
	// lockWait is how long Open and Rotate wait for another process.
	lockWait   = 5 * time.Second
	lockPoll   = 2 * time.Millisecond
	minBackoff = time.Second
	maxBackoff = time.Minute
	minBusy    = 20 * time.Microsecond
	maxBusy    = time.Millisecond
	// maxLeft is how many rotated files may wait to be synced.
	maxLeft = 64
)

// Open opens the file at path for appending and makes it, and its directory, if they are not there. A symbolic link is followed
// once, now, so that it goes on pointing at the live file. An unfinished last line is ended, and what a process that died left
// half done is finished in the background.
//
// It fails with all problems of cfg, as [Config.Validate] says, or with an [*Error]: when the file is not a regular one or cannot
// be opened, when its name leaves no room for those of backups, when the file system has no locks, or wrapping [ErrBusy].
func Open(path string, cfg Config) (*File, error) {
	if err := cfg.Validate(); err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	target, err := resolve(path)
	if err != nil {
		return nil, fail("open", path, err)
	}
	f := &File{cfg: cfg.withDefaults(), path: target, started: time.Now()}
	if err := roomFor(target, f.cfg.Codec.Ext()); err != nil {
		return nil, fail("open", path, err)
	}
	var h *handle
	if err := waiting(func() (err error) { h, err = f.acquire(); return err }); err != nil {
		return nil, err
	}
	f.limit = f.cfg.MaxBytes
	if f.limit < 0 {
		f.limit = math.MaxInt64 - maxLine // to which a line can be added
	}
	f.use(h)
	f.due = lookEvery
	f.timer = time.AfterFunc(tick, f.ticked)
	f.kick()
	return f, nil
}

// Write appends a line, and the newline if it has none. Nil means that the line is acknowledged; what that is worth is said
// in the documentation of the package. Otherwise the line is not, and n is 0, although a part of it may be in the file. It
// does not keep line. A line with newlines in it is kept together. An empty one is not written.
//
// It fails with [ErrClosed] or an [*Error] and recovers by itself: the next call may succeed.
func (f *File) Write(line []byte) (n int, err error) {
	if len(line) == 0 {
		return 0, nil
	}
	f.mu.Lock()
	err = f.write(line)
	done := f.lines
	var reports []error
	if len(f.reports) > 0 {
		reports, f.reports = f.reports, nil
	}
	f.mu.Unlock()
	for _, r := range reports {
		f.cfg.OnError(r)
	}
	if err == nil && f.cfg.SyncWrites {
		err = f.syncTo(done)
	}
	if err != nil {
		return 0, err
	}
	return len(line), nil
}

// write does it, with mu held.
func (f *File) write(line []byte) error {
	if f.h == nil {
		return ErrClosed
	}
	now := f.clock()
	if now >= f.due {
		f.look(now)
	}
	need := int64(len(line)) + 1
	if line[len(line)-1] == '\n' {
		need--
	}
	if f.h.end+need > f.limit && f.h.end > 0 && now >= f.retry {
		f.note(now, f.turn(now, func(size int64) bool { return size+need > f.limit }))
	}
	err := f.put(now, line)
	for try := 0; err != nil && f.again(err, try); try++ {
		err = f.put(now, line)
	}
	if err != nil {
		f.stats.Errors++
		return err
	}
	f.lines++
	f.bytes += need
	return nil
}

// Rotate makes the file a backup and begins a new one, unless it is empty. It does not wait for compression. When another process
// rotated it at the same time, that counts.
//
// It fails with [ErrClosed] or an [*Error], which wraps [ErrBusy] when another process does not let it for 5 s.
func (f *File) Rotate() error {
	return waiting(func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.h == nil {
			return ErrClosed
		}
		return f.turn(time.Since(f.started), func(int64) bool { return true })
	})
}

// Reopen opens the file at its path anew. It is for programs that move the file and say so, with a signal perhaps; without it that
// is noticed at the next line, at most a tenth of a second late. It goes on with the old file when it fails, with [ErrClosed] or an
// [*Error].
func (f *File) Reopen() error {
	return waiting(func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.h == nil {
			return ErrClosed
		}
		return f.follow(time.Since(f.started))
	})
}

// Close syncs and closes the file, and waits for the compression of what was rotated, until CloseWait. Further calls do nothing
// and return nil. It fails with an [*Error] when syncing does; the file is closed all the same.
func (f *File) Close() error {
	err := f.sync(true)
	f.timer.Stop()
	f.worker.stop(f.cfg.CloseWait)
	return err
}
