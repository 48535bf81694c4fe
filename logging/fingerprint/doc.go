// Package fingerprint tells which log messages are the same event with other values.
//
// A scanner of one pass turns a message into its template: numbers, times, addresses, paths, ids, quoted texts and the
// values of key=value become <*>, and what the programmer wrote remains. The fingerprint is a hash of the logger's
// name, the template of the message and that of the error's text.
//
//	id := fingerprint.Of("app.users", `user 4711 not found in "people"`, "")
//	row.Fingerprint = id.Int64()                      // a bigint column
//	fmt.Println(id, fingerprint.Template(r.Message))  // user <*> not found in <*>
//
// # Stability
//
// There is no state and no training: the same message has the same fingerprint in each process, after each restart and
// on each machine. Both the templates and the hash are a format with a version, [Version]; a change that gives any
// message another fingerprint raises it, and does not come in a patch release.
//
// # The format of a fingerprint
//
// It is FNV-1a with 64 bits over these bytes: the version as one byte, the name of the logger, a byte 0xff, the template
// of the message, a byte 0xff, the template of the error's text; and then the finalizer of MurmurHash3, so that
// its low bits can be used alone.
//
// # What a template is
//
// White space becomes one space, or none at both ends. A run of values with nothing but punctuation between them is one
// <*>, so that lists of other lengths are one template. A number takes its unit with it, and the plural of the word after
// it is gone (1 row, 2 rows). Words without a digit remain, unless their form says that they are a value: hosts and files,
// paths, URLs, e-mail addresses, long hex and base64, true, false and nil. A word after "user" is a name when the
// sentence goes on as sentences with a name do, and so is one after "of type"; a command of SQL is one in a sentence about
// commands. A number with its name in brackets, as in "open() failed (2: No such file or directory)", is a value: the
// reason does not make another event.
//
// A list of at least two ", name: value" that ends a message is left out, because servers write there for whom they worked,
// and leave out what they do not know. The members of key=value remain, without their values: messages with other keys are
// other events.
//
// # Limits
//
// A value that looks like the prose around it remains, and makes groups of its own: a state in a word, the name of a lock, a
// key=value that is only sometimes there. In the other direction, two events whose messages differ in values only are one,
// such as "done, status: good, code: 0" and "done, status: bad, code: 1". Who wants it otherwise gives the group a name
// and takes [Named].
//
// # Concurrency
//
// All functions take time linear in their arguments, and are safe for concurrent use.
package fingerprint
