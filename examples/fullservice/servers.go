package main

import (
	"context"
	"errors"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// servers are a primary and a standby that follows it, for a machine that has no database yet.
type servers struct{ primary, standby *pgtest.Server }

func (s *service) startServers(ctx context.Context) error {
	primary, err := pgtest.Start(ctx, pgtest.Config{Durable: true})
	if err != nil {
		return err
	}
	standby, err := primary.Standby(ctx, pgtest.StandbyConfig{Name: "standby"})
	if err != nil {
		return errors.Join(err, primary.Close())
	}
	s.own.primary, s.own.standby = primary, standby
	s.Database.URL, s.Standby = pool.NewSecret(primary.URL("postgres")), pool.NewSecret(standby.URL("postgres"))
	return nil
}

func (o *servers) stop(context.Context) error {
	return errors.Join(o.standby.Close(), o.primary.Close())
}
