package failover

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuorum(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]quorum{
		"":                               {},
		"  ":                             {},
		"n1":                             {need: 1, first: true, names: []string{"n1"}},
		"n1, n2":                         {need: 1, first: true, names: []string{"n1", "n2"}},
		"2 (n1, n2, n3)":                 {need: 2, first: true, names: []string{"n1", "n2", "n3"}},
		"FIRST 1 (n1,n2)":                {need: 1, first: true, names: []string{"n1", "n2"}},
		"any 2 (n1,\"N 2\", \"a\"\"b\")": {need: 2, names: []string{"n1", "N 2", `a"b`}},
		"ANY 1 (n1, prodwright_epoch_7)": {need: 1, names: []string{"n1"}},
	} {
		got, err := parseQuorum(setting)
		require.NoError(t, err, setting)
		require.Equal(t, want, got, setting)
	}
	for _, setting := range []string{"*", "ANY 1 (*)", "ANY", "ANY 3 (n1, n2)", "0 (n1)", "\"n1", "ANY 1 (prodwright_epoch_7)"} {
		_, err := parseQuorum(setting)
		require.Error(t, err, setting)
	}
	q := quorum{need: 1, names: []string{"n1", `n"2`}}
	back, err := parseQuorum(q.setting(7))
	require.NoError(t, err)
	require.Equal(t, q, back)
	require.Equal(t, quorum{need: 1, names: []string{`n"2`}}, q.after("n0", "n1"))
	require.Equal(t, quorum{need: 2, names: []string{`n"2`, "n0"}}, quorum{need: 2, names: q.names}.after("n0", "n1"), "there are not enough without it")
	require.Equal(t, quorum{need: 1, names: []string{"n1", `n"2`, "n0"}}, q.with("n0"))
}

// Of any acknowledgement's standbys, one is among those asked; with fewer asked, there is one of which none is.
func TestEnough(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 5; n++ {
		for need := 1; need <= n; need++ {
			q := quorum{need: need, names: make([]string, n)}
			for asked := range n + 1 {
				disjoint := false // whether some acknowledged set avoids some asked set
				for acked := range 1 << n {
					for set := range 1 << n {
						if ones(acked) == need && ones(set) == asked && acked&set == 0 {
							disjoint = true
						}
					}
				}
				require.Equal(t, !disjoint, q.enough(asked), "%d of %d, %d asked", need, n, asked)
			}
		}
	}
	require.False(t, quorum{}.enough(5), "nobody has to have anything")
}

func ones(n int) (count int) {
	for ; n > 0; n &= n - 1 {
		count++
	}
	return count
}

func FuzzQuorum(f *testing.F) {
	f.Add("ANY 2 (a, \"b\"\"c\", d)")
	f.Fuzz(func(t *testing.T, s string) {
		q, err := parseQuorum(s)
		if err != nil || q.need == 0 {
			return
		}
		back, err := parseQuorum(q.setting(1))
		if err == nil {
			require.Equal(t, q.names, back.names)
			require.Equal(t, q.need, back.need)
		}
	})
}
