package cluster

import "errors"

// Errors of [Cluster].
var (
	// ErrNoPrimary means that there was no primary in time. Nothing was written.
	ErrNoPrimary = errors.New("cluster: there is no primary")
	// ErrSplitBrain means that two primaries live and that writes wait. Nothing was written.
	ErrSplitBrain = errors.New("cluster: two nodes are primaries")
	// ErrNoReplica means that no replica may serve the read. The error says of each node why.
	ErrNoReplica = errors.New("cluster: no replica may serve the read")
	// ErrOutcomeUnknown means that a write may or may not have been executed: the connection broke after it was sent, or it was
	// acknowledged without its standbys. Look for it, or repeat it only if it may be executed twice.
	ErrOutcomeUnknown = errors.New("cluster: nobody knows whether the write was executed")
	// ErrTxLost means that the connection of a transaction broke, or was cut, before its commit was sent. Nothing of it was written:
	// begin another one.
	ErrTxLost = errors.New("cluster: the transaction is lost, nothing of it was written")
	// ErrSourceSpent means that a copy wrote nothing, and cannot be sent again because its source was read: make a new one.
	ErrSourceSpent = errors.New("cluster: nothing was copied, and the source is read already")
	// ErrTokenLost means that what a session has written may be lost. It is that of a [TokenLostError].
	ErrTokenLost = errors.New("cluster: what the session has written may be lost")
	// ErrClosed means that the cluster was closed.
	ErrClosed = errors.New("cluster: closed")
)
