package cluster

// Health is what the probes of a node say.
type Health uint8

// The healths.
const (
	// Starting is a node that no probe has come back from.
	Starting Health = iota
	// Up is a node that answers.
	Up
	// Suspect is one whose last probes failed, but fewer than the threshold. It serves when nobody else does.
	Suspect
	// Down is one whose probes failed often enough.
	Down
)

// String returns starting, up, suspect or down.
func (h Health) String() string {
	return [...]string{"starting", "up", "suspect", "down"}[min(h, Down)]
}

// MarshalText returns what [Health.String] does.
func (h Health) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// outcome is how a probe ended.
type outcome uint8

const (
	answered  outcome = iota
	failed            // nothing came back in time, or the connection broke
	refused           // nobody listens there, or the server says that it goes down
	unchanged         // the server lives but would not answer us: a wrong password, too many clients
)

// detector decides the health of one node. One probe that fails says little, several in a row say that the node is down, and
// several that come back, that it is up again.
type detector struct {
	health    Health
	failures  int
	successes int
}

// thresholds are how many probes in a row decide.
type thresholds struct{ down, up int }

// observe takes the outcome of a probe.
func (d *detector) observe(o outcome, t thresholds) {
	switch o {
	case unchanged:
	case answered:
		d.failures = 0
		d.successes++
		if d.health != Down || d.successes >= t.up {
			d.health = Up
		}
	default:
		d.successes = 0
		d.failures++
		if o == refused {
			d.failures++ // there is nothing that may only be slow
		}
		switch {
		case d.failures >= t.down:
			d.health = Down
		case d.health == Up:
			d.health = Suspect
		}
	}
}
