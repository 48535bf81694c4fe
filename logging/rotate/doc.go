// Package rotate writes a log file that rotates, and that several processes may share without losing a line.
//
//	f, err := rotate.Open("/var/log/app/application.log", rotate.Config{MaxBytes: 50 << 20, Every: rotate.Daily})
//	if err != nil {
//		return err
//	}
//	defer f.Close()
//	_, err = f.Write([]byte(`{"message":"one record for each call"}`))
//
// [Lines] reads everything back, oldest first, whatever is compressed already.
//
// # What is guaranteed
//
// A line is acknowledged when Write returned nil. An acknowledged line is in exactly one of the files that [Backups] lists, on
// a line of its own, until retention deletes that file:
//
//   - whatever is rotated and compressed, and by how many processes that have the file open;
//   - when any of the processes is killed at any moment, also while it rotates or compresses; the next one cleans up;
//   - when the disk gets full, and after it was: Write returns the error, the line is not acknowledged, part of it may stand in
//     the file, and the next line that fits begins a line of its own. Nothing needs to be done for that;
//   - when rotation fails: it goes on in the old file, and tries again after a second, then two, up to a minute.
//
// A line that was not acknowledged may be there, whole or in part: a caller that writes it again may find it twice. So may one of
// which all but the newline fitted on the disk before [Config.FreeOnFull] made room for it.
//
// A power cut or a crash of the kernel takes what was not synced. What was acknowledged before [File.Sync] was called is safe
// when that returned nil; with [Config.SyncWrites] each line is when it is acknowledged, if the disk keeps its word.
//
// # What is not
//
//   - What others do to the file. When the live file is deleted, its lines are gone, and so are those that are written until
//     that is noticed, at most a tenth of a second later: [Stats].Lost counts these. Moving it away loses none. A truncation,
//     such as logrotate's copytruncate, loses what came between the copy and it, and a line may be there twice. Let only one
//     rotate: this package, or logrotate, which needs no postrotate script, with MaxBytes and Every off.
//   - Network file systems that several machines write to: appending is not one step there, so they write over each other, whatever
//     flock does. Processes of one machine may share a file there if flock works; Open fails where it is not there at all, and
//     [Config.Unshared] does without.
//   - What those can do who may write to the directory: they may delete and replace what they like. Symbolic links and pipes that they put in
//     the place of the log, its backups and its lock are not followed, so nothing elsewhere is read, written or emptied. Who may
//     only read the files can hold their locks: then lines go on in the same file, and backups stay as they are.
//   - A backup that a process has open which writes nothing: it is compressed and deleted after that process wrote again, or ended.
//   - Systems without flock (Windows, Solaris, AIX): only one process may have the file open there, which nothing checks.
//   - One double fault: a process dies or fails in the middle of a line, another one, which has been alone in the file for a
//     second, adds lines to it before it knows, and is killed itself within the same hundredth of a second.
//
// # How
//
// Each [File] appends with O_APPEND, one write for each line, and holds a shared flock on the file that it writes to. Once that
// is taken, it looks whether the path still names that file. To rotate is to rename it while holding an exclusive flock on
// path.lock, a small file that stays. A backup is compressed or deleted only under an exclusive flock on itself, which nobody
// gets while any process might still append to it. The compressed file is written under another name, synced and renamed before
// the source goes. Nothing waits for a lock: who does not get it goes on without.
//
// Backups are called path.20060102T150405.000000Z.gz, by the time in UTC at which they were rotated. When that time is not
// later than that of the newest, as after the clock was set back, it is a microsecond more than that, so that names sort as
// lines do. Whatever regular file is called so, with any extension of up to 8 letters and digits, is taken for a form of that
// backup and deleted with it. Lines from several processes are in the order in which they were written, but for the moments
// after a rotation in which some still write to the old file.
package rotate
