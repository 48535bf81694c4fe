// Package pgtest starts real, throw-away PostgreSQL servers for tests and examples: primaries, streaming standbys,
// PgBouncer in front of them, TLS with an authority of its own, and every fault that a test wants to see survived.
//
//	srv, err := pgtest.Start(ctx, pgtest.Config{})
//	if err != nil {
//		return err // names the command that installs PostgreSQL when it is missing
//	}
//	defer srv.Close()
//	standby, err := srv.Standby(ctx, pgtest.StandbyConfig{Name: "standby1", Synchronous: true})
//	pool, err := pgxpool.New(ctx, srv.URL("postgres"))
//	srv.Kill() // kill -9 of the server and all its processes; Hang, Crash, FillDisk ... are there too
//
// In tests, [New] and [Server.Database] do the same with a testing.TB, and [Main] shares one server among the tests of a
// package. The package does not import testing, because examples use it.
//
// # Lifecycle
//
// A server lives in a directory of its own until [Server.Close]. It also ends, and its directory is removed, when the
// process that started it ends in any way, kill -9 included: a small shell waits for that.
//
// As root, servers run as the user postgres, or nobody where that does not exist, because PostgreSQL refuses root.
//
// # Speed
//
// initdb runs once per machine; every server starts from a copy of its result.
//
// # Concurrency
//
// All functions are safe for concurrent use. Methods that stop and start one server are serialised.
package pgtest
