package rotate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func TestPeriodNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		period         rotate.Period
		zone, at, next string
	}{
		{rotate.Daily, "Europe/Berlin", "2026-03-29T00:30:00+01:00", "2026-03-30T00:00:00+02:00"},
		{rotate.Daily, "Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{rotate.Hourly, "Europe/Berlin", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"},
		{rotate.Hourly, "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"},
		{rotate.Hourly, "Asia/Kolkata", "2026-01-01T10:10:00+05:30", "2026-01-01T11:00:00+05:30"},
		{rotate.Daily, "America/Santiago", "2024-09-07T12:00:00-04:00", "2024-09-08T01:00:00-03:00"}, // no midnight
		{rotate.Weekly, "Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-30T00:00:00+02:00"},
		{rotate.Weekly, "Europe/Berlin", "2026-03-30T00:00:00+02:00", "2026-04-06T00:00:00+02:00"},
		{rotate.Monthly, "Europe/Berlin", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"},
		{rotate.Monthly, "UTC", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		require.Equal(t, c.next, c.period.Next(at, zone).Format(time.RFC3339), "%v after %s in %s", c.period, c.at, c.zone)
	}
	require.True(t, rotate.Never.Next(time.Now(), time.UTC).IsZero())
}
