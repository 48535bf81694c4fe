package analysis

import (
	"context"
	"iter"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// Analyzer answers questions about a log. The sequences end after the first error; a loop may be left at any time. An Analyzer is
// safe for concurrent use.
type Analyzer interface {
	// ErrorSummary counts errors by level, CRITICAL first. Levels without any are left out.
	ErrorSummary(ctx context.Context, q Query) ([]LevelCount, error)
	// TopErrors are the groups with the most errors, at most 10 unless the query has another limit. Of those with as many the
	// one seen last comes first.
	TopErrors(ctx context.Context, q Query) iter.Seq2[Group, error]
	// NewErrors are the groups that were seen for the first time in the time of the query, the newest first, at most 10 unless
	// the query has another limit. The query's Release means that they came with it: the first error was one of that release.
	NewErrors(ctx context.Context, q Query) iter.Seq2[Group, error]
	// Trend counts the errors of a group, or all with 0, in steps of time, from the one that the query's Since lies in. Each
	// step is there, also those without errors. Steps begin at whole multiples since 1970 in UTC. A step below a second, or
	// more than 10 000 steps, is an error.
	Trend(ctx context.Context, group fingerprint.ID, step time.Duration, q Query) iter.Seq2[Point, error]
	// Occurrences are the errors of a group, the newest first, at most 100 unless the query has another limit.
	Occurrences(ctx context.Context, group fingerprint.ID, q Query) iter.Seq2[logging.Record, error]
	// UserActivity are all records of a user, the newest first, at most 100 unless the query has another limit.
	UserActivity(ctx context.Context, userID string, q Query) iter.Seq2[logging.Record, error]
	// Request are all records of a request, the oldest first, at most 100 unless the query has another limit.
	Request(ctx context.Context, requestID string, q Query) iter.Seq2[logging.Record, error]
}

// LevelCount says how many errors of a level there were, with how many users and in how many loggers.
type LevelCount struct {
	Level   string `json:"level"` // ERROR or CRITICAL
	Count   int64  `json:"count"`
	Users   int64  `json:"users"`
	Loggers int64  `json:"loggers"`
}

// Group is errors that are the same event with other values.
type Group struct {
	ID fingerprint.ID `json:"id"`
	// Count is how many there were in the time of the query, and Users with how many users.
	Count int64 `json:"count"`
	Users int64 `json:"users"`
	// Level, Logger, Message and LastRelease are those of the last error in the time of the query, which was at LastSeen.
	Level       string    `json:"level"`
	Logger      string    `json:"logger"`
	Message     string    `json:"message"`
	LastSeen    time.Time `json:"last_seen"`
	LastRelease string    `json:"last_release,omitempty"`
	// FirstSeen and FirstRelease are those of the first error that is known, at whatever time.
	FirstSeen    time.Time `json:"first_seen"`
	FirstRelease string    `json:"first_release,omitempty"`
}

// Point is the errors from a time to that of the next point.
type Point struct {
	Start time.Time `json:"start"`
	Count int64     `json:"count"`
}

// GroupOf returns the group that a record belongs to, 0 for those below ERROR. It is the fingerprint of the logger's name, the message
// and the first line of the error, since what follows are places, or of the name that the record has in Fingerprint.
func GroupOf(r *logging.Record) fingerprint.ID {
	if r.Level < zapcore.ErrorLevel {
		return 0
	}
	if r.Fingerprint != "" {
		return fingerprint.Named(r.Fingerprint)
	}
	text, _, _ := strings.Cut(r.Error, "\n")
	return fingerprint.Of(r.Logger, r.Message, text)
}

// Collect returns all that a sequence yields, or its error.
func Collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for v, err := range all {
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}
