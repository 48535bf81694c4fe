// Package pglog is the sink of package logging that stores records in PostgreSQL: in batches, without making callers wait,
// each record once, through restarts of the database and of the program.
//
//	sink, err := pglog.Open(ctx, pglog.Config{URL: pglog.NewSecret(url), SpillDir: "/var/lib/app/logs"})
//	if err != nil {
//		return err
//	}
//	logs, err := logging.New(logging.Config{Sinks: []logging.Sink{sink}}) // which closes it, too
//
// Records wait in memory until a batch is full or a second has passed, and are stored with COPY. While the database is
// down, or slower than the program, they go to files in SpillDir, and from there to the database before newer ones.
//
// # What an acknowledgement means
//
// That Write returned nil means that the record is in memory. It is stored exactly once, whatever happens to the database
// and to the connection, if the program ends with Close or, at any later time, after Sync; in an outage it is on disk a
// twentieth of a second later. The kill of a program (kill -9, a panic without Close) loses what was in memory, which is
// what came within the last BatchInterval, about, or since the database stopped answering, at most SendTimeout ago. With
// Durable it loses nothing: then an acknowledgement means that the record is in a file. What a loss of power takes is said
// at FsyncInterval.
//
// An acknowledged record is lost in these cases only, and is counted in [Stats] by reason and level: neither memory nor
// disk had room, and a record of a higher level took its place; the spill had no room for its level; Close ended before
// anything took it. A record that the database refuses for what it is goes to a file, see DeadLetter, and is lost if that cannot
// be written at any of ten attempts. A damaged place in a file of the spill is counted as Corrupt.
//
// Order is kept but for three cases: a batch that was on its way when the outage began comes after those behind it, with
// Durable what found no room on disk comes when its turn in memory is, and of more than 64 files that dead processes left
// the rest comes when there is room for more.
//
// # Exactly once
//
// The transaction that stores a batch also inserts its id into a ledger, the table with the suffix _batches. After a
// connection was lost at the commit the id shows whether the batch is stored; an attempt that may still commit is waited
// for, because the id is a primary key. Of each file of the spill the ledger says up to where it is stored. That row
// outlives the file by 30 days, so that a file that comes back, from a backup or after a loss of power, is not stored
// again. Without the ledger (a table of others, and no right to make one beside it) rows are stored at least once.
//
// A server whose synchronous_commit is off confirms what a kill of it loses; the transactions of a sink set it to local then.
//
// # Schema
//
// [Migrate] makes the tables; a sink does it by itself unless KeepSchema is set or its role may not. [Migrations] are the
// same as files. The log is partitioned by day in UTC, with a default partition, from which [Maintain] moves rows to where
// they belong. A table that exists is used as it is: columns that it lacks, and values that do not fit into theirs, go to
// extra_data under the name of the column. A table that is renamed is replaced by a new one. The columns are found out anew after each failure, so a table may be changed
// while it is written to.
//
// Texts longer than 64 KiB (message), 256 KiB (error, stack) or 1 KiB (others) are cut, extra_data of more than 1 MiB is
// replaced by its length. Zero bytes and what is not UTF-8 become U+FFFD. A time before 1970 or after 9999 is replaced by
// the present one and kept in extra_data.
//
// A group of errors, in the table with the suffix _errors, is refreshed at most once a minute by each sink. When that table
// is locked, or refuses a group, rows are stored without for a minute.
//
// Timeouts, isolation, encoding and formats that are set for a role or a database do not matter to a sink, with one exception:
// a server or a role that is read-only is an outage. Neither do poolers that give each transaction another connection.
//
// # Questions
//
// An [Analyzer] answers what the log says: the most frequent errors and the new ones, their trend, what a user did, what
// happened in a request.
//
// # Roles
//
// Three roles are enough, and this is all they need (in the database of the schema logs, run by its owner):
//
//	create schema logs;
//	grant usage on schema logs to log_writer, log_reader; grant usage, create on schema logs to log_maintainer;
//	-- as log_maintainer: Migrate
//	grant insert on logs.application_logs to log_writer;
//	grant select, insert, update, delete on logs.application_logs_batches to log_writer;
//	grant select, insert, update on logs.application_logs_errors to log_writer;
//	grant select on logs.application_logs, logs.application_logs_errors to log_reader;
//
// The maintainer calls [Maintain] every hour, or is a program with a sink of its own. Partitions can be dropped and attached
// by the owner of the table only.
//
// # Several programs
//
// Any number may write to one table and maintain it. They may share a SpillDir if they write to the same table of the same
// database: each file is locked by its process, and adopted by another one when that is dead. Elsewhere than on unix there
// are no such locks, so each process needs a directory of its own.
//
// # No circles
//
// Nothing in here logs; trouble goes to OnError, which must not log through the logs that the sink belongs to. Statements
// of a sink reach no tracer. See [Own] for what a tracer of the host's pool may still see, and Config.Ignore.
//
// # Concurrency
//
// A [Sink] is safe for concurrent use. It has four goroutines, which Close ends: one sends, one writes to disk, one looks
// after partitions, one calls OnError.
package pglog
