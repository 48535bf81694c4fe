// Package cluster sends writes to the primary and reads to its replicas, wherever these are, and loses nothing when that
// changes.
//
//	c, err := cluster.Open(ctx, cluster.Config{Nodes: []cluster.NodeConfig{
//		{URL: cluster.NewSecret("postgres://app@db1/app")},
//		{URL: cluster.NewSecret("postgres://app@db2/app")},
//		{URL: cluster.NewSecret("postgres://app@db3/app")},
//	}})
//	...
//	defer func() { err = errors.Join(err, c.Close(shutdownCtx)) }()
//
//	tag, err := c.Writer().Exec(ctx, "update accounts set ...")
//	rows, err := c.Reader().Query(ctx, "select ...")
//
// # Which node is the primary
//
// Each node is asked for its status on a connection of its own: role, timeline, place in the log. The primary is the node that
// writes the highest timeline that any node knows of. A promotion begins a new timeline, so a primary that was replaced and
// comes back is recognised whatever it says of itself, and nothing goes there any more. When a node is promoted while the
// primary lives, writes wait for the primary to go, up to [Config].RivalGrace; two primaries of one timeline are never
// chosen from. Whoever promotes does not matter: Patroni, CloudNativePG, a cloud, pg_auto_failover, a person.
//
// A node is down when probes fail several times in a row; a password that is wrong or a server that has too many clients is
// an error in the [Report], and no death. As long as something is wrong anywhere, probes come ten times as often. Statements that do
// not come back make them come at once.
//
// Nodes may come and go while the cluster is open: [Config].Discover finds them, for instance by the addresses of a name
// ([HostDiscovery]) or by SRV records ([SRVDiscovery]). What is known of timelines stays, whatever is found.
//
// # Writes
//
// A node that loses its role has its connections cut at once, those that wait for an answer included. A write waits for a primary; it
// is sent again when it is sure that no server has executed it: it was not sent, or it was refused. One of which nobody
// knows is an error that matches [ErrOutcomeUnknown]. So is one that the server has acknowledged although its standbys have not
// got it, which PostgreSQL does when a commit is cancelled while it waits for them.
//
// So it is with [Writer.Exec], Query and QueryRow, [Writer.InTx], [Writer.CopyFrom] and [Writer.SendBatch]. A transaction of
// [Writer.BeginTx] is the caller's, and so is its repetition: [ErrTxLost] says that nothing of it was written.
//
// That an acknowledged write is there after a failover is PostgreSQL's doing and that of whoever promotes: it takes synchronous
// replication to a quorum of standbys, and the promotion of a standby that has all of it.
//
// # Reads
//
// A [ReplicaSelector] selects among the replicas whose data is new enough. A read that fails because of its node runs again on another
// one. Sessions for reads cannot write (default_transaction_read_only), also on the primary, where reads go when there is no replica.
// With a [Session], reads see the writes before them; when these may be lost because a primary was replaced that asynchronous
// standbys had not kept up with, that is counted, and is a [TokenLostError] on request.
//
// # Lag
//
// How old the data of a replica is, is found out by our own clock: it is the time since the primary was last seen at a place that
// the replica has replayed. So it is 0 where nobody writes, grows on a replica that is cut off, and does not depend on the
// clocks of servers. [Config] says for all reads how old it may be, and [WithBound] for single ones.
//
// # Rights
//
// Probes need no rights but to connect. With those of pg_monitor, they also see the timeline that a standby follows, which
// tells apart those of a primary that was replaced: grant it to the role.
//
// # Concurrency
//
// All methods are safe for concurrent use. [Open] starts one goroutine for each node and two more, and one that
// discovers nodes if any does; [Cluster.Close] ends them.
package cluster
