package pglog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// insufficientPrivilege is the SQLSTATE of what a role may not do.
const insufficientPrivilege = "42501"

// prepare makes the tables, unless that is left to others, by the configuration or because the role may not do it.
func (s *Sink) prepare(ctx context.Context, conn *pgconn.PgConn) error {
	if s.prepared || s.cfg.KeepSchema {
		return nil
	}
	ready, err := upToDate(ctx, conn, s.table)
	if err == nil && !ready {
		err = migrate(ctx, conn, s.table, s.cfg)
	}
	if err == nil {
		quick := s.cfg // records wait meanwhile
		quick.MaintainTimeout, quick.LockTimeout = min(quick.MaintainTimeout, s.cfg.SendTimeout/4), min(quick.LockTimeout, s.cfg.SendTimeout/8)
		err = (upkeep{conn, s.table, quick}).ahead(ctx, time.Now())
		if err != nil { // rows find a place without
			s.report("upkeep", fmt.Errorf("logging/pglog: partitions: %w", err))
			err = ctx.Err()
		}
	}
	if sqlState(err) == insufficientPrivilege {
		s.report("migrate", fmt.Errorf("logging/pglog: the role may not make tables, which is well if another one does; say so with KeepSchema: %w", err))
		err = nil
	}
	s.prepared = err == nil
	return err
}

// runUpkeep looks after partitions and old rows from time to time, or, where that is left to others, after the ledger.
func (s *Sink) runUpkeep(ctx context.Context) {
	work := s.Maintain
	if s.cfg.KeepSchema {
		work = s.prune
	}
	wait := rand.N(time.Minute) // many processes start together
	if s.cfg.MaintainEvery > 0 {
		wait = min(wait, s.cfg.MaintainEvery)
	}
	refused := s.cfg.KeepSchema
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		limited, cancel := context.WithTimeout(ctx, 10*s.cfg.MaintainTimeout)
		err := work(limited)
		cancel()
		denied := sqlState(err) == insufficientPrivilege
		if ctx.Err() == nil && (!denied || !s.cfg.KeepSchema) {
			s.report("upkeep", err)
		}
		if s.cfg.MaintainEvery < 0 || denied && refused {
			return
		}
		if denied {
			work, refused = s.prune, true
		}
		wait = s.cfg.MaintainEvery - s.cfg.MaintainEvery/10 + rand.N(s.cfg.MaintainEvery/5+1)
	}
}

// Maintain does at once what the sink does every MaintainEvery: see [Maintain].
func (s *Sink) Maintain(ctx context.Context) error {
	return s.withConn(ctx, func(ctx context.Context, u upkeep) error { return u.run(ctx, time.Now()) })
}

// Cleanup removes what is older than so many days: see [Cleanup].
func (s *Sink) Cleanup(ctx context.Context, days int) (partitions int, rows int64, err error) {
	if days < 1 {
		return 0, 0, fmt.Errorf("logging/pglog: cleanup: %d days are less than 1", days)
	}
	err = s.withConn(ctx, func(ctx context.Context, u upkeep) (err error) {
		partitions, rows, err = u.cleanup(ctx, time.Now().Add(-time.Duration(days)*day))
		return err
	})
	return partitions, rows, err
}

// prune forgets what the ledger need not know any more.
func (s *Sink) prune(ctx context.Context) error {
	return s.withConn(ctx, func(ctx context.Context, u upkeep) error { return u.prune(ctx) })
}

func (s *Sink) withConn(ctx context.Context, f func(context.Context, upkeep) error) error {
	ctx = mark(ctx)
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("logging/pglog: maintain %s: %w", s.cfg.Table, err)
	}
	defer pooled.Release()
	if err := f(ctx, upkeep{pooled.Conn().PgConn(), s.table, s.cfg}); err != nil {
		return fmt.Errorf("logging/pglog: maintain %s: %w", s.cfg.Table, err)
	}
	return nil
}
