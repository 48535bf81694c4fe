// Package pgxmon measures what an application does with PostgreSQL through pgx: how long queries take, how they fail, which
// ones are slow, and how full the pool is.
//
//	tracer, err := pgxmon.New(collector, pgxmon.Config{})
//	p, err := pool.New(ctx, pool.Config{URL: url, Tracers: []pgx.QueryTracer{tracer}})
//	sampler, err := pgxmon.NewPoolSampler(collector, "primary", p.Raw().Stat, pgxmon.PoolConfig{})
//	go sampler.Run(ctx) // or as a part of package lifecycle
//	slowest := tracer.Slowest(10)
//
// Without package pool the tracer is the Tracer of a pgx.ConnConfig, that of a pgxpool.Config's ConnConfig included, and
// goes beside another one by multitracer.New(tracer, other).
//
// # Figures
//
//	reference                      metric                                labels
//	database.queries.total         db_query_duration_seconds (its count) operation, outcome
//	database.query.duration        db_query_duration_seconds             operation, outcome
//	database.queries.slow          db_slow_queries_total
//	database.connections.checkout  db_pool_acquires_total
//	database.connections.checkin   db_pool_releases_total
//	database.pool.size             db_pool_size                          pool
//	database.pool.checked_in       db_pool_idle                          pool
//	database.pool.checked_out      db_pool_acquired                      pool
//	database.pool.overflow         db_pool_overflow (PoolConfig.Size)    pool
//	database_connections           db_pool_saturation_ratio              pool
//
//	errors                         db_query_errors_total                 operation, class
//	                               db_connect_errors_total               class
//	batches                        db_batch_duration_seconds             outcome
//	                               db_batch_query_duration_seconds       operation, outcome
//	CopyFrom                       db_copy_duration_seconds              outcome
//	                               db_copy_rows_total
//	prepared statements            db_prepare_duration_seconds           outcome
//	connects                       db_connect_duration_seconds           outcome
//	the wait for a connection      db_pool_acquire_duration_seconds      outcome
//	the pool                       db_pool_max                           pool
//	                               db_pool_constructing                  pool
//	                               db_pool_canceled_acquires_total       pool
//	                               db_pool_empty_acquires_total          pool
//	                               db_pool_acquire_wait_seconds_total    pool
//	                               db_pool_new_connections_total         pool
//	                               db_pool_max_lifetime_destroys_total   pool
//	                               db_pool_max_idle_destroys_total       pool
//
// operation is the first keyword of the SQL if it is one of a fixed list (for WITH that of the main part), "empty" for
// nothing but comments, "other" for anything else; or the name that sqlc gave the query, if [Config] says so. A statement
// that was prepared under a name of its own is known by that. Errors of CopyFrom, of a Prepare and of a batch as a whole
// are counted with the operations copy, prepare and batch.
//
// outcome is ok, error, canceled (the caller's context was) or timeout (its deadline has passed).
//
// class is that of the SQLSTATE, its first two characters: 23 is a violated constraint, 40 a serialization failure or a
// deadlock, 57 a statement timeout or a server that shuts down; custom for one that is not PostgreSQL's. Errors that the
// server did not send are canceled, timeout, connection or other. [pgx.ErrNoRows] is no error.
//
// # Privacy
//
// Arguments and constants are in no label, no log line and no [Statement], and neither are messages of errors, which may
// repeat them. Of SQL there are the keywords and names. What the server did not understand (class 42) is left out, because
// there a value may stand where a name should be; names in double quotes, and those that sqlc's comments give, are taken
// for names.
//
// # Concurrency
//
// All methods are safe for concurrent use. There are no goroutines but the one that calls [PoolSampler.Run].
//
// # Errors
//
// Constructors return every problem at once. After that there is nothing that can fail.
//
// # Cost
//
// A query costs one allocation, of the context that carries its start from pgx's one hook to the other. Slow ones are
// looked at more closely; memory is bounded: 100 statements of 1 KiB, [Config].MaxNames names, 200 prepared statements of
// 1 KiB.
//
// # Limits
//
// pgx reports the end of a query when its rows are closed, and has no hook for the first row: the duration includes the
// time that the application spends between rows. Rows that are never closed are never counted. Exec, and QueryRow with its
// Scan, close at once.
//
// All queries of a batch travel together, and the server sends small results when all are done: db_batch_query_duration_seconds
// is the time that a result was read, in which the first query waits for all of them and the others take next to nothing.
// So it is the whole batch that is slow, or not. Queries behind a failed one are not counted, because pgx does not report
// them; nor does it report empty batches and Ping. Copies are never slow.
//
// A release without an acquire is that of AcquireAllIdle; an acquire without a release that of Hijack.
//
// In [Statement], executions below the threshold do not count, and of a statement longer than 8 KiB the beginning tells it
// apart.
package pgxmon
