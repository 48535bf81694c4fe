package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
)

// Node is one server of the cluster.
type Node struct {
	// Name is the application_name with which the node streams, as in synchronous_standby_names. Required.
	Name string
	// URL is for a role that may administer it: a superuser, or one of pg_monitor that may execute pg_promote, pg_reload_conf and
	// pg_create_physical_replication_slot, and ALTER SYSTEM on primary_conninfo and synchronous_standby_names.
	URL cluster.Secret
	// Address is where the other nodes stream from, as host:port. Defaults to that of the URL.
	Address string
	// Priority decides between standbys that have the same. The higher one is promoted.
	Priority int
}

// Config of a [Manager].
type Config struct {
	// Nodes are all servers. Required.
	Nodes []Node
	// Register is what all managers of the cluster share. Required.
	Register Register
	// ID is the name of this manager among them. Defaults to one that is made of the host and the process.
	ID string
	// TTL is how long the others wait until they take over. Defaults to 3 s.
	TTL time.Duration
	// Patience is how long a primary must have failed before it is replaced: longer than a restart takes, or the recovery after a
	// crash. Defaults to 2 s; -1 is none.
	Patience time.Duration
	// Probes is how the nodes are watched. Its Nodes and RivalGrace are ignored.
	Probes cluster.Config
	// Fence makes sure that a node can acknowledge nothing any more: it is switched off, or cut off. It is asked when there is no
	// synchronous quorum that says so.
	Fence func(ctx context.Context, node string) error
	// Rejoin makes a node a standby of the new primary again, that was the primary, or that has what the new one has not: with pg_rewind or a
	// new copy, and primary_conninfo with the node's name as application_name. Nil means that a person does it. It may take long, is called in a goroutine of its own, and
	// must end when ctx is done, which is when the manager loses the lease. It is called again when the node is not a standby after
	// RejoinRetry, by whichever manager leads then: it must do no harm twice. The new primary has made a checkpoint before, if the role may
	// (pg_checkpoint), which pg_rewind needs before PostgreSQL 16. When the node streams, it is taken into the quorum again.
	Rejoin func(ctx context.Context, r Rejoining) error
	// RejoinRetry is how long after an attempt of Rejoin the next one comes. Defaults to 30 s.
	RejoinRetry time.Duration
	// Drain is how long a switchover waits for transactions under way before it ends them. Defaults to 5 s.
	Drain time.Duration
	// DryRun decides and tells, and does nothing: it touches neither servers nor the Register.
	DryRun bool
	// OnDecision is told each [Decision]: failovers are info, and what needs a person is critical. It is called by one goroutine, one after the
	// other; when it does not keep up, some are dropped, and counted in the [Status]. Run waits for it at the end.
	OnDecision func(Decision)
	// OnStep is told each step of a failover by the manager itself, which waits for it: it must be quick.
	OnStep func(p Plan, s Step)
	// Logger gets the decisions, too. Nil means none.
	Logger *slog.Logger
}

// Defaults and limits of [Config].
const (
	DefaultTTL         = 3 * time.Second
	DefaultPatience    = 2 * time.Second
	DefaultRejoinRetry = 30 * time.Second
	DefaultDrain       = 5 * time.Second
	minTTL             = time.Second
)

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	names := map[string]int{}
	for i, n := range c.Nodes {
		if n.Name == "" {
			wrong("Nodes[%d].Name is empty: must be the application_name with which it streams", i)
		}
		if j, ok := names[n.Name]; ok {
			wrong("Nodes[%d].Name is %q, as that of Nodes[%d]: must be unique", i, n.Name, j)
		}
		names[n.Name] = i
		if n.URL.IsZero() {
			wrong("Nodes[%d].URL is empty: must be as in postgres://admin@host:5432/postgres", i)
		} else if _, err := pgx.ParseConfig(n.URL.Reveal()); err != nil {
			wrong("Nodes[%d].URL is wrong: %w", i, err) // pgx leaves the password out
		}
		if _, _, err := net.SplitHostPort(n.Address); n.Address != "" && err != nil {
			wrong("Nodes[%d].Address is %q: must be host:port, or empty for that of the URL", i, n.Address)
		}
	}
	if len(c.Nodes) < 2 {
		wrong("Nodes has %d: must have two at least", len(c.Nodes))
	}
	if c.Register == nil {
		wrong("Register is nil: all managers of the cluster must share one")
	}
	if c.TTL != 0 && c.TTL < minTTL {
		wrong("TTL is %v: must be %v at least, or 0 for %v", c.TTL, minTTL, DefaultTTL)
	}
	if c.Patience < -1 {
		wrong("Patience is %v: must be positive, 0 for %v, or -1 for none", c.Patience, DefaultPatience)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"RejoinRetry", c.RejoinRetry}, {"Drain", c.Drain}} {
		if d.value < 0 {
			wrong("%s is %v: must be positive, or 0 for the default", d.name, d.value)
		}
	}
	if probes := c.probes(); len(errs) == 0 {
		if err := probes.Validate(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				wrong("Probes.%s", line)
			}
		}
	}
	return errors.Join(errs...)
}

// Fast returns the configuration with what it leaves open set so that a primary is replaced as soon as it can be: a TTL of 1 s, no
// Patience, and probes that fail after 300 ms. A primary that is only restarted, or that is slow for a second, is replaced then, too.
func (c Config) Fast() Config {
	c.TTL = cmp.Or(c.TTL, minTTL)
	c.Patience = cmp.Or(c.Patience, -1)
	c.Probes.ProbeInterval = cmp.Or(c.Probes.ProbeInterval, 300*time.Millisecond)
	c.Probes.ProbeTimeout = cmp.Or(c.Probes.ProbeTimeout, 300*time.Millisecond)
	return c
}

// probes is how the nodes are watched.
func (c Config) probes() cluster.Config {
	p := c.Probes
	p.Nodes, p.RivalGrace = nil, -1 // nothing is written through it
	for _, n := range c.Nodes {
		p.Nodes = append(p.Nodes, cluster.NodeConfig{Name: n.Name, URL: n.URL})
	}
	return p
}
