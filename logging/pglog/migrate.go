package pglog

import (
	"context"
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ledgerDays is how long the ledger remembers batches of which nobody said that they are done with.
const ledgerDays = 30

// DefaultTableName is the table of [Config] when it names none, and the one that [Migrations] makes.
const DefaultTableName = "application_logs"

// made are the tables that the files make, by which a table that was dropped is made again.
var made = [...]string{"", "_batches", "_errors"}

// names finds what the files of migrations call the table and what is made from its name.
var names = regexp.MustCompile(`\bapplication_logs((?:_[a-z]+)*)\b`)

// Migrations returns the SQL files that make the tables under their default names, numbered, for a program that applies
// migrations itself: goose and tern read them as they are. [Migrate] does the same for any name.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return migrationFiles // the directory is part of the program
	}
	return sub
}

// Migrate makes the tables that cfg.Table names, or brings them up to date, and makes partitions for the coming days. It is
// safe to call it at every start and from several programs at once: an advisory lock lets one do it, in one transaction.
// A table that exists and is not partitioned is left as it is and only gets the side tables.
//
// The schema must exist. The role needs the right to create in it, see the package documentation.
func Migrate(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	cfg, t, err := cfg.checked()
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn.PgConn(), t, cfg); err != nil {
		return fmt.Errorf("logging/pglog: migrate %s: %w", cfg.Table, err)
	}
	if err := (upkeep{conn.PgConn(), t, cfg}).partitions(ctx, time.Now()); err != nil {
		return fmt.Errorf("logging/pglog: migrate %s: %w", cfg.Table, err)
	}
	return nil
}

func migrate(ctx context.Context, conn *pgconn.PgConn, t table, cfg Config) error {
	files, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return err
	}
	lock := setLocal(cfg.MaintainTimeout, cfg.MaintainTimeout) + "; select pg_advisory_xact_lock(" + t.lockKey() + ")"
	return inTx(ctx, conn, lock, func() error {
		done, err := applied(ctx, conn, t)
		if err != nil {
			return err
		}
		for i, file := range files {
			there, err := exists(ctx, conn, t.quoted(made[i]))
			if err != nil {
				return err
			}
			if !there || made[i] != "" && i+1 > done { // a table of others is left as it is
				sql, err := migrationFiles.ReadFile(file)
				if err != nil {
					return err
				}
				free, err := t.unnamed(ctx, conn, string(sql))
				if err != nil {
					return err
				}
				if err := exec(ctx, conn, t.rename(free)); err != nil {
					return fmt.Errorf("%s: %w", path.Base(file), err)
				}
			}
			if err := exec(ctx, conn, fmt.Sprintf("insert into %s (version) values (%d) on conflict do nothing", t.quoted("_migrations"), i+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// upToDate reports whether there is nothing to migrate, without a lock.
func upToDate(ctx context.Context, conn *pgconn.PgConn, t table) (bool, error) {
	var there strings.Builder
	for _, suffix := range append([]string{"_migrations"}, made[:]...) {
		there.WriteString(" and to_regclass(" + literal(t.quoted(suffix)) + ") is not null")
	}
	all, err := lookUp(ctx, conn, "select true"+there.String())
	if err != nil || all != "t" {
		return false, err
	}
	version, err := lookUp(ctx, conn, "select coalesce(max(version), 0) from "+t.quoted("_migrations"))
	return version == strconv.Itoa(len(made)), err
}

// applied returns the number of the last migration that was applied, making the table that says so.
func applied(ctx context.Context, conn *pgconn.PgConn, t table) (int, error) {
	there, err := exists(ctx, conn, t.quoted("_migrations"))
	if err != nil {
		return 0, err
	}
	if !there {
		return 0, exec(ctx, conn, "create table "+t.quoted("_migrations")+" (version integer primary key, applied_at timestamptz not null default now())")
	}
	version, err := lookUp(ctx, conn, "select coalesce(max(version), 0) from "+t.quoted("_migrations"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(version)
}

// rename returns the first half of a migration with the names of another table.
func (t table) rename(sql string) string {
	up, _, _ := strings.Cut(sql, "-- +goose Down")
	return names.ReplaceAllStringFunc(up, func(name string) string {
		suffix := strings.TrimPrefix(name, DefaultTableName)
		if strings.HasSuffix(suffix, "_idx") {
			return t.index(suffix)
		}
		return t.quoted(suffix)
	})
}

// named finds the indexes of a migration.
var named = regexp.MustCompile(`create index if not exists ` + DefaultTableName + `((?:_[a-z]+)*_idx) on `)

// unnamed returns a migration in which indexes whose names are taken, by those of a table that was renamed, have none: PostgreSQL
// gives them one.
func (t table) unnamed(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	for _, found := range named.FindAllStringSubmatch(sql, -1) {
		taken, err := exists(ctx, conn, t.quoted(found[1]))
		if err != nil {
			return "", err
		}
		if taken {
			sql = strings.Replace(sql, found[0], "create index on ", 1)
		}
	}
	return sql, nil
}

// lockKey returns the number of the advisory lock for the table's upkeep.
func (t table) lockKey() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte("prodwright/pglog\x00" + t.schema + "\x00" + t.name))
	return strconv.FormatUint(h.Sum64()>>1, 10)
}
