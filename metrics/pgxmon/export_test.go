package pgxmon

import "context"

// OperationOf, QueryName and Fingerprint are what labels and fingerprints are made of.
var (
	OperationOf = operationOf
	QueryName   = queryName
)

// Fingerprint is that of a normalized text.
func Fingerprint(sql string) string { return fingerprint(hash(sql)) }

// NormalizeUnsure is Normalize for a session of which it is not known what a backslash means.
func NormalizeUnsure(sql string) string {
	s, _ := normalize(sql, true)
	return s
}

// Judge is how errors are classified.
func Judge(ctx context.Context, err error, closed bool) (outcome, class string) {
	return judge(ctx, err, closed)
}

// MaxSQL, MaxPrepared and MaxText are limits.
const (
	MaxSQL      = maxSQL
	MaxPrepared = maxPrepared
	MaxText     = maxText
	MaxLogs     = maxLogs
)
