package failover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHeard(t *testing.T) {
	t.Parallel()
	require.True(t, heard(0, time.Second))
	require.True(t, heard(0.9, time.Second))
	require.False(t, heard(1.1, time.Second))
	require.False(t, heard(1e9, time.Second), "nobody streams")
	require.False(t, heard(-3600, time.Second), "its clock was set back")
}
