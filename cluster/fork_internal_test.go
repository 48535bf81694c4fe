package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForks(t *testing.T) {
	t.Parallel()
	// 2 and 3 began on 1; 4 on 3, 5 on 4; where 7 began is not known.
	m := forkMap{2: {1, 100}, 3: {1, 50}, 4: {3, 200}, 5: {4, 300}, 8: {7, 900}}
	for name, c := range map[string]struct {
		token    Token
		timeline uint32
		forked   LSN
		lost     bool
	}{
		"before":                    {Token{1, 100}, 2, 100, false},
		"beyond":                    {Token{1, 101}, 2, 100, true},
		"the same timeline":         {Token{2, 999}, 2, 0, false},
		"a newer one":               {Token{3, 999}, 2, 0, false},
		"two timelines later":       {Token{3, 200}, 5, 200, false},
		"beyond, two later":         {Token{3, 201}, 5, 200, true},
		"beyond the first of three": {Token{1, 51}, 5, 50, true},
		"before the first of three": {Token{1, 50}, 5, 50, false},
		"of one that came to nothing, beyond its beginning": {Token{2, 101}, 5, 50, true},
		"of one that came to nothing, from before it":       {Token{2, 50}, 5, 50, false},
		"of one that came to nothing, between both":         {Token{2, 70}, 5, 50, true},
		"where it began is not known":                       {Token{6, 999}, 7, 0, false},
		"not known further back":                            {Token{6, 9999}, 8, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forked, lost := m.lost(c.token, c.timeline)
			require.Equal(t, c.lost, lost)
			require.Equal(t, c.forked, forked)
		})
	}
	_, lost := forkMap{3: {3, 1}}.lost(Token{1, 5}, 3)
	require.False(t, lost, "nonsense ends")
}
