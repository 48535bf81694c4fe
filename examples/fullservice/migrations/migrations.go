// Package migrations has the tables of the service. Files are named NNNN_name.sql, are applied in order, and never change
// once they are released.
package migrations

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
)

//go:embed *.sql
var files embed.FS

// lock keeps instances that start together apart. Any number that nothing else uses will do.
const lock = 7_263_514_201

// beginner is a pool or a connection.
type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Apply applies what is missing, all of it or nothing, and returns the names of what it applied. Instances may call it
// at the same time.
func Apply(ctx context.Context, db beginner) (applied []string, err error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", lock); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `create schema if not exists prodwright_example;
			create table if not exists prodwright_example.migrations (name text primary key, applied_at timestamptz not null default now())`); err != nil {
			return err
		}
		for _, name := range names {
			tag, err := tx.Exec(ctx, "insert into prodwright_example.migrations (name) values ($1) on conflict do nothing", name)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				continue
			}
			text, err := files.ReadFile(name)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, string(text)); err != nil {
				return fmt.Errorf("migration %s: %w", name, err)
			}
			applied = append(applied, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return applied, nil
}
