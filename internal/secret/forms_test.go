package secret_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/secret/secrettest"
)

// Each form is masked, and none is missed at a glance.
func TestForms(t *testing.T) {
	t.Parallel()
	m := masker()
	for _, s := range secrettest.Forms() {
		require.True(t, m.MayHold(s), s)
		shown := m.Lines(s)
		require.NotContains(t, strings.ToLower(shown), "hunter2", s)
		require.NotContains(t, strings.ToLower(m.Lines("at 10:30 "+strings.ReplaceAll(s, "\n", "\n ")+" it failed")), "hunter2", s)
	}
}

// The same for forms that are a bit different.
func TestMayHoldMissesNoForm(t *testing.T) {
	t.Parallel()
	m, all, bits := masker(), secrettest.Forms(), pieces()
	for seed := range uint64(60_000) {
		r := rand.New(rand.NewPCG(seed, 3))
		s := all[r.IntN(len(all))]
		for range r.IntN(3) {
			from := r.IntN(len(s) + 1)
			to := min(len(s), from+r.IntN(4))
			s = s[:from] + bits[r.IntN(len(bits))] + s[to:]
		}
		if !m.MayHold(s) {
			require.Equal(t, s, m.Text(s))
			require.Equal(t, s, m.Lines(s))
		}
	}
}
