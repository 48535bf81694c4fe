// Package lifecycle starts the parts of a service in order and stops them so that no request is lost.
//
//	group, err := lifecycle.New(lifecycle.Config{})
//	err = group.Add(
//		lifecycle.Part{Name: "pool", Phase: lifecycle.Close, Start: open, Stop: pool.Close},
//		lifecycle.Part{Name: "mailer", Phase: lifecycle.Worker, Run: mailer.Run},
//		group.HTTPServer("api", &http.Server{Addr: ":8080", Handler: mux}, nil),
//	)
//	err = group.Run(ctx) // returns when everything has stopped
//
// # Start
//
// Parts start one after the other, in the order in which they were added, so a part may use those before it. When one
// fails, those that were started are stopped. [Group.Report] says how long each took.
//
// # Shutdown
//
// It begins with SIGTERM or SIGINT, the end of Run's context, [Group.Shutdown], or the failure of a part:
//
//  1. [Group.Ready] returns [ErrDraining], so that readiness probes fail, while everything goes on.
//  2. Parts of phase [Background] stop: nothing new is begun.
//  3. The drain window passes, in which load balancers take this instance out. Meanwhile every response says
//     "Connection: close", so that clients with a kept connection make their next request elsewhere.
//  4. Parts of phase [Server] stop: the listener closes, requests in progress are finished, hijacked connections ended.
//  5. Parts of phase [Worker], then [Flush], then [Close] stop.
//
// Within a phase the last one added stops first. Each step has a deadline inside one budget; one that does not return is
// left behind and reported. Panics become errors, and so does runtime.Goexit.
//
// A second signal ends the process at once with status 128 plus the signal's number. The first one does not, also when the
// shutdown has begun for another reason: it asks for what is happening already, and an orchestrator's SIGTERM must not cut
// off requests because a part has failed a moment before.
//
// Without the drain window and the header, a rolling deployment loses requests: Shutdown closes kept connections just as
// clients write to them (see the drain campaign in this package's tests).
//
// # Concurrency
//
// All methods are safe for concurrent use. Run may be called once. Signals are handled only while Run runs.
//
// # Limits
//
// A server for probes and metrics should go on answering until the end: give its part the phase [Close] and add it
// first, and it stops last.
package lifecycle
