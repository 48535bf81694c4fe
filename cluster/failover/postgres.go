package failover

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Querier is what [Postgres] needs of a pool or a connection.
type Querier interface {
	// Exec executes a statement.
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	// QueryRow executes one that returns a row.
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Postgres is a register in a table of a PostgreSQL that is none of the cluster's: what decides about a cluster must not go down with
// it. It is safe for concurrent use if its Querier is.
type Postgres struct {
	db   Querier
	name string
}

var _ Register = (*Postgres)(nil)

// NewPostgres returns the register of a name. Its table must be there: see [Postgres.Migrate].
func NewPostgres(db Querier, name string) *Postgres { return &Postgres{db, name} }

// Migrate creates the table, if it is not there, in the first schema of the search path. Whoever uses the register then needs SELECT, INSERT
// and UPDATE on it, and no more.
func (p *Postgres) Migrate(ctx context.Context) error {
	_, err := p.db.Exec(ctx, "create table if not exists prodwright_registers (name text primary key, value bytea not null, version bigint not null)")
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "23505" || pg.Code == "42P07") {
		return nil // somebody else does the same right now
	}
	if err != nil {
		return fmt.Errorf("failover: create the table of registers: %w", err)
	}
	return nil
}

// Load returns the value.
func (p *Postgres) Load(ctx context.Context) (value []byte, version string, err error) {
	var number int64
	err = p.db.QueryRow(ctx, "select value, version from prodwright_registers where name = $1", p.name).Scan(&value, &number)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, "", nil
	case err != nil:
		return nil, "", fmt.Errorf("failover: load the register %q: %w", p.name, err)
	}
	return value, strconv.FormatInt(number, 10), nil
}

// Swap stores a value. It waits until the server's disk has it, whatever the server's synchronous_commit says.
func (p *Postgres) Swap(ctx context.Context, value []byte, version string) (newVersion string, err error) {
	sql := "insert into prodwright_registers (name, value, version) select $1, $2, 1 from durable where $3 = '' returning version"
	if version != "" {
		sql = "update prodwright_registers set value = $2, version = version + 1 from durable where name = $1 and version::text = $3 returning version"
	}
	var number int64
	row := p.db.QueryRow(ctx, "with durable as materialized (select set_config('synchronous_commit', 'on', true)) "+sql, p.name, value, version)
	err = row.Scan(&number)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" || errors.Is(err, pgx.ErrNoRows) {
		return "", ErrConflict
	}
	if err != nil {
		return "", fmt.Errorf("failover: store the register %q: %w", p.name, err)
	}
	return strconv.FormatInt(number, 10), nil
}
