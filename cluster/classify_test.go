package cluster

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// What a pooler says of a server that it does not reach: the server is not there, and of a statement it is known or not whether one has
// got it.
func TestErrorsOfPoolers(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]effect{
		"server login has been failing, try again later (server_login_retry)":        unsent,
		"server login has been failing, cached error: no route (server_login_retry)": unsent,
		"query_wait_timeout":       unsent,
		"server conn crashed?":     unknown,
		"server closed connection": unknown,
	} {
		err := &pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: message}
		require.Equal(t, want, effectOf(err, nil), message)
		require.Equal(t, failed, outcomeOf(err), message)
	}
	other := &pgconn.PgError{Severity: "FATAL", Code: "57P01", Message: "query_wait_timeout"}
	require.Equal(t, unknown, effectOf(other, nil))
}
