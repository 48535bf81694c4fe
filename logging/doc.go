// Package logging writes structured logs that survive the disk, the database and the crash: to the console, to rotating files
// that several processes may share, to PostgreSQL, and to whatever else is a [Sink].
//
//	logs, err := logging.New(logging.Config{Dir: "/var/log/app"})
//	if err != nil {
//		return err
//	}
//	defer logs.Close(ctx)
//
//	log := logs.Named("app.users") // a *zap.Logger; logs.Slog("app.users") is a *slog.Logger over the same
//
//	ctx = logging.With(ctx, logging.UserID("4711"), logging.RequestID(id)) // or package httplog does
//	log.Info("user created", logging.Ctx(ctx), zap.String("plan", plan))
//	log.Error("payment failed", logging.Ctx(ctx), zap.Error(err))
//
//	mux.Handle("/admin/levels", logs.Levels()) // read and change levels, for a while
//
// No global logger is touched: there may be any number of [Logs] in a program. A [Config] can be filled from the environment,
// by the variables in its tags.
//
// # Records
//
// Each call makes one [Record]. It is encoded once for all sinks that want the same line. Its fields are those of the line of
// JSON, in this order, as far as there are any:
//
//	timestamp level logger message module function line exception user_id request_id ip_address trace_id span_id release fingerprint extra_data
//
// A field of a call whose name is one of user_id, request_id, ip_address, trace_id, span_id, fingerprint or error has its place there,
// unless it is in a namespace or the place is taken; zap.Error is exception, with the stack below. All other fields are members of
// extra_data, so that none can pass for something that it is not. Ids are always texts. Times are in UTC with microseconds, so
// that lines sort as texts; durations are seconds. Nothing but quotes, backslashes and what does something to a terminal is escaped, and a
// field that panics when it is encoded is replaced by what it panicked with.
//
// # Levels
//
// There are DEBUG, INFO, WARNING, ERROR and CRITICAL, which stands for zap's DPANIC, PANIC and FATAL, and for slog's ERROR+4 and above.
// Each sink has its level, and each name of a logger may have one, see [Levels]. A record is made only when its logger and a
// sink take its level. A call whose level nobody takes costs a few nanoseconds, and an allocation when it has fields; use
// Check in hot loops.
//
// # What is not lost
//
// A file has a record when the call returns: kill -9, rotation and a full disk do not lose what was written ([rotate] says more).
// A power cut loses what was not synced; [Logs.Sync] syncs, and so does every record above ERROR. A record that no sink could take is
// written to [Config].Fallback, with the reason at most once a second. What sinks acknowledge says their own documentation.
//
// # Concurrency
//
// Everything is safe for concurrent use.
//
// [rotate]: https://pkg.go.dev/github.com/prodwright/prodwright/logging/rotate
package logging
