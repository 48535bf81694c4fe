package cluster

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

func BenchmarkZZ(b *testing.B) {
	p := pgtest.New(b, pgtest.Config{})
	s1, err := p.Standby(b.Context(), pgtest.StandbyConfig{Name: "s1"})
	require.NoError(b, err)
	c, err := Open(b.Context(), Config{Nodes: []NodeConfig{{Name: "n1", URL: NewSecret(p.URL("postgres"))}, {Name: "s1", URL: NewSecret(s1.URL("postgres"))}}})
	require.NoError(b, err)
	defer c.Close(b.Context())
	require.NoError(b, c.WaitPrimary(b.Context()))
	pool, err := pgxpool.New(b.Context(), s1.URL("postgres"))
	require.NoError(b, err)
	defer pool.Close()
	for range 3 {
		b.Run("bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var n int
				if err := pool.QueryRow(b.Context(), "select 1").Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
		r := c.Reader()
		b.Run("routed", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var n int
				if err := r.QueryRow(b.Context(), "select 1").Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
