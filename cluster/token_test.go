package cluster_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]cluster.LSN{"0/0": 0, "0/1": 1, "16/B374D848": 0x16_b374d848, "FFFFFFFF/FFFFFFFF": 1<<64 - 1, "0/ff": 255} {
		got, err := cluster.ParseLSN(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, strings.ToUpper(text), got.String())
	}
	for _, text := range []string{"", "/", "0", "0/", "/0", "0/0/0", "+1/0", "-1/0", "123456789/0", "0/123456789", " 0/0", "0/g", "0x1/0", "1_0/0"} {
		_, err := cluster.ParseLSN(text)
		require.Error(t, err, text)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, token := range []cluster.Token{{}, {Timeline: 1}, {Timeline: 2, LSN: 0x16_b374d848}, {Timeline: 1<<32 - 1, LSN: 1<<64 - 1}} {
		got, err := cluster.ParseToken(token.String())
		require.NoError(t, err)
		require.Equal(t, token, got)
		encoded, err := json.Marshal(token)
		require.NoError(t, err)
		var back cluster.Token
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, token, back)
	}
	for _, text := range []string{"1", "1-", "-0/0", "0-0/1", "+1-0/0", "4294967296-0/0", "1-0/0-1", "x"} {
		_, err := cluster.ParseToken(text)
		require.Error(t, err, text)
	}
	_, err := cluster.ParseToken(strings.Repeat("x", 10_000))
	require.Less(t, len(err.Error()), 200)
	a, b, c := cluster.Token{Timeline: 1, LSN: 900}, cluster.Token{Timeline: 2, LSN: 100}, cluster.Token{Timeline: 2, LSN: 101}
	require.Equal(t, b, a.Later(b))
	require.Equal(t, b, b.Later(a))
	require.Equal(t, c, b.Later(c))
	require.Equal(t, a, a.Later(cluster.Token{}))
}

func FuzzToken(f *testing.F) {
	f.Add("2-16/B374D848")
	f.Fuzz(func(t *testing.T, s string) {
		if token, err := cluster.ParseToken(s); err == nil {
			again, err := cluster.ParseToken(token.String())
			require.NoError(t, err)
			require.Equal(t, token, again)
		}
	})
}
