package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// NodeConfig describes one node.
type NodeConfig struct {
	// Name is what the node is called in everything that is told. Defaults to host:port of its URL.
	Name string
	// URL is where it is, for one host only: the cluster itself finds out which node is the primary. Required.
	URL Secret
	// Address is an IP to connect to instead of looking the host of the URL up, whose name TLS still verifies; as hostaddr in libpq.
	Address string
	// Zone is where it is, for [ZoneFirst].
	Zone string
	// Weight is its share of the reads. 0 means 1.
	Weight int
}

// Config of a [Cluster]. Only Nodes or Discover is required.
type Config struct {
	// Nodes are the primary and its standbys, in any order. With Discover, those until it has found others.
	Nodes []NodeConfig
	// Discover returns the nodes that there are now; it is called at the beginning and in each DiscoverInterval, never twice at a
	// time. [HostDiscovery] and [SRVDiscovery] have one. Nodes are the same when their Name and URL are. A new one is probed and
	// used; one that is gone gets nothing any more, and its connections are cut when what is under way has ended, or after Drain.
	// What it returns with an error, empty or invalid changes nothing, but is told as [DiscoveryFailed]. When the primary is gone,
	// writes wait for it to come back, or for another one.
	Discover func(ctx context.Context) ([]NodeConfig, error)
	// DiscoverInterval is how often. Defaults to 30 s.
	DiscoverInterval time.Duration `env:"CLUSTER_DISCOVER_INTERVAL" default:"30s" unit:"s" doc:"how often nodes are discovered"`
	// Drain is how long what is under way on a node that is gone may take. Defaults to 10 s; -1 is not at all.
	Drain time.Duration `env:"CLUSTER_DRAIN" default:"10s" unit:"s" doc:"how long statements on a node that is gone may take; -1 for not at all"`
	// Selector selects the replica of a read. Nil means [PowerOfTwo].
	Selector ReplicaSelector

	// ProbeInterval is how often a node is asked for its status; more often as soon as something is wrong anywhere. Defaults to 1 s.
	ProbeInterval time.Duration `env:"CLUSTER_PROBE_INTERVAL" default:"1s" unit:"s" doc:"how often each node is asked for its status"`
	// UrgentInterval is how often while there is no primary, or a node is suspect. Defaults to 100 ms.
	UrgentInterval time.Duration `env:"CLUSTER_URGENT_INTERVAL" default:"100ms" doc:"how often while something is wrong"`
	// ProbeTimeout is how long an answer may take, a new connection included. Defaults to 1 s.
	ProbeTimeout time.Duration `env:"CLUSTER_PROBE_TIMEOUT" default:"1s" unit:"s" doc:"how long an answer may take"`
	// FailureThreshold is how many probes in a row must fail for a node to be down; a refused connection counts twice. Defaults to 3.
	FailureThreshold int `env:"FAILOVER_THRESHOLD" default:"3" doc:"failed probes in a row until a node is down"`
	// RecoveryThreshold is how many must come back for a node that was down to be up again. Defaults to 2.
	RecoveryThreshold int `env:"CLUSTER_RECOVERY_THRESHOLD" default:"2" doc:"good probes in a row until a node is up again"`

	// Lookup is how often the names of hosts are looked up. When a name has none of its addresses any more, all connections to the node
	// are made anew. Defaults to 10 s.
	Lookup time.Duration `env:"CLUSTER_LOOKUP_INTERVAL" default:"10s" unit:"s" doc:"how often the names of hosts are looked up"`

	// MaxLag is how old the data of a replica may be for it to serve reads; -1 for any. Defaults to 10 s.
	MaxLag time.Duration `env:"CLUSTER_MAX_LAG" default:"10s" unit:"s" doc:"how old the data of a replica may be; -1 for any"`
	// MaxLagBytes is how much of the log may be missing there; -1 for any, which is the default. [WithBound] changes both for single
	// reads.
	MaxLagBytes int64 `env:"CLUSTER_MAX_LAG_BYTES" default:"-1" doc:"how much of the log a replica may miss; -1 for any"`
	// WithoutReplica says what happens to reads when no replica may serve them. Defaults to [ReadPrimary].
	WithoutReplica WithoutReplica `env:"CLUSTER_WITHOUT_REPLICA" default:"primary" doc:"where reads go without a replica: primary or error"`
	// WriteWait is how long a write waits for a primary. Defaults to 10 s.
	WriteWait time.Duration `env:"CLUSTER_WRITE_WAIT" default:"10s" unit:"s" doc:"how long a write waits for a primary"`
	// CatchUp is how long a read of a [Session] waits for its replica to have what the session has written, before it goes to the
	// primary. Defaults to 20 ms.
	CatchUp time.Duration `env:"CLUSTER_CATCH_UP" default:"20ms" doc:"how long a read waits for a replica to have what its session wrote"`
	// RefuseLost lets the first read of a session fail with a [TokenLostError] when what it has written may be lost with a primary
	// that was replaced. It is for clusters whose standbys are asynchronous: with synchronous ones nothing is lost, but the
	// token of a busy primary may say so, because it includes what others wrote meanwhile. Without it, reads see what there is, and
	// the [Report] counts.
	RefuseLost bool `env:"CLUSTER_REFUSE_LOST" default:"false" doc:"a read fails when what its session wrote may be lost"`
	// RivalGrace is how long writes wait when a node is promoted while the primary lives, for the primary to go. Then they go to the one that
	// was promoted. Defaults to 1 s; -1 is no wait.
	RivalGrace time.Duration `env:"CLUSTER_RIVAL_GRACE" default:"1s" unit:"s" doc:"how long writes wait while two primaries live; -1 for not at all"`
	// RefuseRivals lets them wait until one of both is gone.
	RefuseRivals bool `env:"CLUSTER_REFUSE_RIVALS" default:"false" doc:"no writes at all while two primaries live"`

	// Primary and Replica are the sizes of a node's pools, for writes and for reads.
	Primary PoolSize
	Replica ReplicaPoolSize

	// BeforeConnect changes the configuration of a connection before it is made, of probes as of pools: for passwords that are
	// rotated.
	BeforeConnect func(ctx context.Context, c *pgx.ConnConfig) error
	// Connect opens a pool, for those who have a package for that. Nil means [pgxpool.NewWithConfig]. The pool must keep the
	// configuration's hooks, and must not wait for the server.
	Connect func(ctx context.Context, c *pgxpool.Config) (*pgxpool.Pool, error)
	// OnEvent is told what happens to nodes, one event after the other, by a goroutine of its own. Events are dropped and counted in
	// the [Report] when it does not keep up, and nothing waits for it but Close.
	OnEvent func(Event)
	// Logger gets the events, too. Nil means none.
	Logger *slog.Logger
}

// PoolSize is how many connections the pool for writes has, on the node that is the primary.
type PoolSize struct {
	// Size is how many stay open. Defaults to 20.
	Size int32 `env:"DB_POOL_SIZE" default:"20" doc:"connections that stay open to the primary"`
	// MaxOverflow is how many more there may be. Defaults to 30; -1 is none.
	MaxOverflow int32 `env:"DB_MAX_OVERFLOW" default:"30" doc:"connections beyond that; -1 for none"`
}

// ReplicaPoolSize is how many connections the pool for reads has, on each node.
type ReplicaPoolSize struct {
	// Size is how many stay open. Defaults to 10.
	Size int32 `env:"REPLICA_POOL_SIZE" default:"10" doc:"connections for reads that stay open to each node"`
	// MaxOverflow is how many more there may be. Defaults to 20; -1 is none.
	MaxOverflow int32 `env:"REPLICA_MAX_OVERFLOW" default:"20" doc:"connections beyond that; -1 for none"`
}

// WithoutReplica says what happens to reads when no replica may serve them.
type WithoutReplica uint8

// The ways.
const (
	ReadPrimary  WithoutReplica = iota // they go to the primary
	FailTheReads                       // they fail with [ErrNoReplica]
)

// MarshalText returns primary or error.
func (w WithoutReplica) MarshalText() ([]byte, error) {
	if w == FailTheReads {
		return []byte("error"), nil
	}
	return []byte("primary"), nil
}

// UnmarshalText takes primary or error.
func (w *WithoutReplica) UnmarshalText(text []byte) error {
	switch string(text) {
	case "primary":
		*w = ReadPrimary
	case "error":
		*w = FailTheReads
	default:
		return fmt.Errorf("%.40q is none of primary, error", text)
	}
	return nil
}

// Defaults of [Config].
const (
	DefaultProbeInterval     = time.Second
	DefaultUrgentInterval    = 100 * time.Millisecond
	DefaultProbeTimeout      = time.Second
	DefaultFailureThreshold  = 3
	DefaultRecoveryThreshold = 2
	DefaultDiscoverInterval  = 30 * time.Second
	DefaultDrain             = 10 * time.Second
	DefaultLookup            = 10 * time.Second
	DefaultMaxLag            = 10 * time.Second
	DefaultWriteWait         = 10 * time.Second
	DefaultCatchUp           = 20 * time.Millisecond
	DefaultRivalGrace        = time.Second
)

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Nodes) == 0 && c.Discover == nil {
		wrong("Nodes is empty: must have one node at least, or Discover be set")
	}
	_, err := parseNodes(c.Nodes)
	if err != nil {
		errs = append(errs, err)
	}
	check := func(name string, value any, positive, canBeOff, off bool) {
		switch {
		case positive, canBeOff && off:
		case canBeOff:
			wrong("%s is %v: must be positive, 0 for the default, or -1 for none", name, value)
		default:
			wrong("%s is %v: must be positive, or 0 for the default", name, value)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		off   bool
	}{
		{"DiscoverInterval", c.DiscoverInterval, false},
		{"Drain", c.Drain, true},
		{"ProbeInterval", c.ProbeInterval, false},
		{"UrgentInterval", c.UrgentInterval, false},
		{"ProbeTimeout", c.ProbeTimeout, false},
		{"Lookup", c.Lookup, false},
		{"MaxLag", c.MaxLag, true},
		{"WriteWait", c.WriteWait, false},
		{"CatchUp", c.CatchUp, false},
		{"RivalGrace", c.RivalGrace, true},
	} {
		check(d.name, d.value, d.value >= 0, d.off, d.value == -1)
	}
	for _, n := range []struct {
		name  string
		value int
		off   bool
	}{
		{"MaxLagBytes", int(c.MaxLagBytes), true},
		{"FailureThreshold", c.FailureThreshold, false},
		{"RecoveryThreshold", c.RecoveryThreshold, false},
		{"Primary.Size", int(c.Primary.Size), false},
		{"Primary.MaxOverflow", int(c.Primary.MaxOverflow), true},
		{"Replica.Size", int(c.Replica.Size), false},
		{"Replica.MaxOverflow", int(c.Replica.MaxOverflow), true},
	} {
		check(n.name, n.value, n.value >= 0, n.off, n.value == -1)
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.Selector = then(c.Selector)
	c.DiscoverInterval = cmp.Or(c.DiscoverInterval, DefaultDiscoverInterval)
	c.Drain = max(cmp.Or(c.Drain, DefaultDrain), 0)
	c.ProbeInterval = cmp.Or(c.ProbeInterval, DefaultProbeInterval)
	c.UrgentInterval = min(cmp.Or(c.UrgentInterval, DefaultUrgentInterval), c.ProbeInterval)
	c.ProbeTimeout = cmp.Or(c.ProbeTimeout, DefaultProbeTimeout)
	c.FailureThreshold = cmp.Or(c.FailureThreshold, DefaultFailureThreshold)
	c.RecoveryThreshold = cmp.Or(c.RecoveryThreshold, DefaultRecoveryThreshold)
	c.Lookup = cmp.Or(c.Lookup, DefaultLookup)
	c.MaxLag = cmp.Or(c.MaxLag, DefaultMaxLag)
	c.MaxLagBytes = cmp.Or(c.MaxLagBytes, -1)
	c.WriteWait = cmp.Or(c.WriteWait, DefaultWriteWait)
	c.CatchUp = cmp.Or(c.CatchUp, DefaultCatchUp)
	c.RivalGrace = max(cmp.Or(c.RivalGrace, DefaultRivalGrace), 0)
	c.Primary.Size, c.Primary.MaxOverflow = cmp.Or(c.Primary.Size, 20), max(cmp.Or(c.Primary.MaxOverflow, 30), 0)
	c.Replica.Size, c.Replica.MaxOverflow = cmp.Or(c.Replica.Size, 10), max(cmp.Or(c.Replica.MaxOverflow, 20), 0)
	if c.Connect == nil {
		c.Connect = pgxpool.NewWithConfig
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
