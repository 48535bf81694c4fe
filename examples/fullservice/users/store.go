package users

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// User is a user of the service.
type User struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	CreatedAt time.Time `json:"created_at"`
}

// Errors of a [Store].
var (
	ErrNotFound = errors.New("there is no such user")
	ErrTaken    = errors.New("the e-mail address is taken")
)

// DB is what a store needs of a pool.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// How the standby is treated.
const (
	StandbyTimeout = time.Second     // for an answer, before the primary is asked
	StandbyRest    = 5 * time.Second // after a failure, before it is asked again
)

// Store keeps users. Its methods say which server answered a read. It must not be copied.
type Store struct {
	Primary DB
	// Standby gets the reads. Without one the primary does.
	Standby DB

	resting atomic.Pointer[time.Time] // until when the standby is left alone
}

// Source is the server that answered a read.
type Source string

// The sources.
const (
	FromPrimary Source = "primary"
	FromStandby Source = "standby"
)

const columns = "id, name, email, created_at"

// Create adds a user and returns it with what the database added. The error matches ErrTaken for a known e-mail address.
func (s *Store) Create(ctx context.Context, name, email string) (User, error) {
	rows, err := s.Primary.Query(ctx,
		"insert into prodwright_example.users (name, email) values ($1, $2) returning "+columns, name, email)
	if err != nil {
		return User{}, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[User])
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "users_email" {
		return User{}, ErrTaken
	}
	return u, err
}

// read asks the standby, and the primary when the standby does not know or fails. A standby that hangs costs the reads of
// one moment StandbyTimeout; while it rests they go to the primary at once.
func read[T any](ctx context.Context, s *Store, ask func(context.Context, DB) (T, error)) (T, Source, error) {
	if until := s.resting.Load(); s.Standby != nil && (until == nil || time.Now().After(*until)) {
		short, cancel := context.WithTimeout(ctx, StandbyTimeout)
		v, err := ask(short, s.Standby)
		cancel()
		if err == nil {
			return v, FromStandby, nil
		}
		if !errors.Is(err, ErrNotFound) && ctx.Err() == nil {
			rested := time.Now().Add(StandbyRest)
			s.resting.Store(&rested)
		}
	}
	v, err := ask(ctx, s.Primary)
	return v, FromPrimary, err
}

// Get returns one user. A standby that does not know the user may only be behind, and one that fails says nothing: in
// both cases the primary decides. The error matches ErrNotFound.
func (s *Store) Get(ctx context.Context, id int64) (User, Source, error) {
	return read(ctx, s, func(ctx context.Context, db DB) (User, error) { return get(ctx, db, id) })
}

func get(ctx context.Context, db DB, id int64) (User, error) {
	rows, err := db.Query(ctx, "select "+columns+" from prodwright_example.users where id = $1", id)
	if err != nil {
		return User{}, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[User])
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, ErrNotFound
	}
	return u, err
}

// List returns up to limit users in the order of their ids, after the first offset ones. The newest may be missing while
// the standby is behind.
func (s *Store) List(ctx context.Context, limit, offset int) ([]User, Source, error) {
	return read(ctx, s, func(ctx context.Context, db DB) ([]User, error) { return list(ctx, db, limit, offset) })
}

func list(ctx context.Context, db DB, limit, offset int) ([]User, error) {
	rows, err := db.Query(ctx, "select "+columns+" from prodwright_example.users order by id limit $1 offset $2", limit, offset)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[User])
}
