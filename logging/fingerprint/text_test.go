package fingerprint_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

func TestJSONHasTheHexDigits(t *testing.T) {
	t.Parallel()
	id := fingerprint.Of("app", "user 7 not found", "")
	text, err := json.Marshal(id)
	require.NoError(t, err)
	require.Equal(t, `"`+id.String()+`"`, string(text))
	var back fingerprint.ID
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, id, back)
	require.ErrorContains(t, json.Unmarshal([]byte(`"7"`), &back), "16 hex digits")
	require.Equal(t, id, back)
}
