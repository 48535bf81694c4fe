package logging

import (
	"context"

	"go.uber.org/zap/zapcore"
)

// Sink is where records go. Its implementations are files, the console, databases.
//
// All methods may be called at the same time from any goroutine, and none of them may log through the logs that they are a
// sink of. A sink that can be closed has a method Close(context.Context) error, too ([Closer]); [Logs.Close] calls it.
type Sink interface {
	// Level is the lowest level that the sink takes. It is asked for each record and must be cheap.
	Level() zapcore.Level
	// Write takes a record. It must not block for longer than a file does, and it must not keep the record or its Extra after
	// it returned: both are used again. Strings may be kept. A nil error is an acknowledgement: what it means is said by the sink.
	Write(r *Record) error
	// Sync makes durable what was acknowledged, as far as the sink can, before ctx is done.
	Sync(ctx context.Context) error
}

// Closer is a sink that can be closed. Write may still be called then, by a goroutine that logs late, and returns an error.
type Closer interface {
	// Close brings what was acknowledged to where it belongs, or keeps it for the next start, until ctx is done.
	Close(ctx context.Context) error
}
