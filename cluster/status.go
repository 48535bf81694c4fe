package cluster

import (
	"strconv"
	"time"
)

// Role is what a node does.
type Role uint8

// The roles.
const (
	Unknown Role = iota
	Primary
	Standby
)

// String returns unknown, primary or standby.
func (r Role) String() string {
	switch r {
	case Primary:
		return "primary"
	case Standby:
		return "standby"
	}
	return "unknown"
}

// MarshalText returns what [Role.String] does.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Status is what a node says of itself.
type Status struct {
	Role Role
	// SystemID is the identifier of the database cluster, which is the same on a primary and its standbys.
	SystemID uint64
	// Timeline is the one that the node writes or follows. It is the last one that the control file knows when a standby follows
	// nobody, and 0 when the role of the probe may not see what it follows, which needs pg_monitor.
	Timeline uint32
	// Received is how far the node's log reaches: what a primary has written, and what a standby has got or replayed.
	Received LSN
	// Replayed is how far a query on the node can see.
	Replayed LSN
	// Recovered is how far a primary had replayed when it became one, or when it started after a crash; 0 when it started orderly.
	Recovered LSN
	// Paused says that a standby has stopped to replay, and Streaming that it gets the log from another node right now.
	Paused, Streaming bool
	// ReadOnly says that a primary refuses to write by its configuration.
	ReadOnly bool
	// Name is the cluster_name of the node's configuration.
	Name string
	// Started is when the server started, by its own clock.
	Started time.Time
	// Version is that of the server, as in 150018.
	Version int
	// ReplayDelay is the age of the last transaction that a standby replayed, by the servers' clocks; -1 when unknown. It grows while
	// nobody writes. See [Node] for what a lag is.
	ReplayDelay time.Duration
}

// statusQuery asks a node for its status in one round trip, with the rights of anybody. The timeline of a primary is in the name
// of the file that it writes; what the control file says of it is old until the first checkpoint after a promotion. That
// of a standby is what its receiver gets, or what it last replayed.
//
// The functions of a primary fail on a standby and the reverse, so each is asked for where it works. A promotion between two of
// them is an error 55000; the next probe knows better.
const statusQuery = `with self as materialized (select pg_is_in_recovery() as standby)
select standby,
	(select system_identifier from pg_control_system())::text,
	case
		when standby and exists (select from pg_stat_wal_receiver) then (select received_tli from pg_stat_wal_receiver)
		when standby then (select greatest(c.timeline_id, r.min_recovery_end_timeline) from pg_control_checkpoint() c, pg_control_recovery() r)
		else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int8
	end,
	case when standby then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end::text,
	case when standby then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end::text,
	case when not standby then pg_last_wal_replay_lsn() end::text,
	case when standby then pg_is_wal_replay_paused() else false end,
	exists (select from pg_stat_wal_receiver),
	current_setting('default_transaction_read_only')::bool,
	current_setting('cluster_name'), pg_postmaster_start_time(), current_setting('server_version_num')::int,
	case when standby then coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), -1) else 0 end::float8
from self`

// scan is where the columns of the query go.
func (s *Status) scan(row interface{ Scan(dest ...any) error }) error {
	var standby bool
	var system, received, replayed, recovered *string
	var timeline *int64
	var delay float64
	err := row.Scan(&standby, &system, &timeline, &received, &replayed, &recovered, &s.Paused, &s.Streaming, &s.ReadOnly, &s.Name, &s.Started, &s.Version, &delay)
	if err != nil {
		return err
	}
	s.Role = Primary
	if standby {
		s.Role = Standby
	}
	if system != nil {
		s.SystemID, err = strconv.ParseUint(*system, 10, 64)
	}
	if timeline != nil {
		s.Timeline = uint32(*timeline) //nolint:gosec // PostgreSQL's are of 32 bits
	}
	for to, text := range map[*LSN]*string{&s.Received: received, &s.Replayed: replayed, &s.Recovered: recovered} {
		if text != nil && err == nil {
			*to, err = ParseLSN(*text)
		}
	}
	s.ReplayDelay = -1
	if delay >= 0 {
		s.ReplayDelay = time.Duration(delay * float64(time.Second))
	}
	return err
}
