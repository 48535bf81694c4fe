package failover_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/failovertest"
	"github.com/prodwright/prodwright/internal/pgtest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	failovertest.Register(t, func(*testing.T) func() failover.Register {
		m := new(failover.Memory)
		return func() failover.Register { return m }
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	srv := pgtest.New(t, pgtest.Config{})
	n := 0
	failovertest.Register(t, func(t *testing.T) func() failover.Register {
		t.Helper()
		n++
		name := fmt.Sprint("cluster", n)
		return func() failover.Register {
			pool, err := pgxpool.New(t.Context(), srv.URL("postgres"))
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			r := failover.NewPostgres(pool, name)
			require.NoError(t, r.Migrate(t.Context()))
			return r
		}
	})
}
