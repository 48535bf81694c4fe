package cluster

import "time"

// Event is something that happened to a node, or to the cluster.
type Event struct {
	At time.Time `json:"at"`
	// Kind says what happened.
	Kind EventKind `json:"kind"`
	// Node is the name of the node.
	Node string `json:"node,omitempty"`
	// Timeline is the highest that is known.
	Timeline uint32 `json:"timeline,omitempty"`
	// Reason says why, for a person.
	Reason string `json:"reason,omitempty"`
}

// EventKind says what happened.
type EventKind string

// The kinds.
const (
	PrimaryFound    EventKind = "primary found"    // writes go to the node
	PrimaryLost     EventKind = "primary lost"     // writes wait
	StateChanged    EventKind = "state changed"    // the node is for something else; see Reason
	NodeMoved       EventKind = "node moved"       // its name has other addresses; all connections are made anew
	NodeJoined      EventKind = "node joined"      // it was discovered
	NodeLeft        EventKind = "node left"        // it is discovered no more
	DiscoveryFailed EventKind = "discovery failed" // all nodes stay; it is told once until it works again
	SplitBrain      EventKind = "split brain"      // two primaries live, and writes wait
)
