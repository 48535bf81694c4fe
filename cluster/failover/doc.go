// Package failover promotes a standby when the primary is lost: once, and only when nothing that was acknowledged is lost by it.
//
//	m, err := failover.New(failover.Config{
//		Nodes: []failover.Node{
//			{Name: "db1", URL: cluster.NewSecret("postgres://admin@db1/postgres")},
//			{Name: "db2", URL: cluster.NewSecret("postgres://admin@db2/postgres")},
//			{Name: "db3", URL: cluster.NewSecret("postgres://admin@db3/postgres")},
//		},
//		Register: register, // what all managers share
//	})
//	...
//	err = m.Run(ctx)
//
// Whoever has Patroni, CloudNativePG, pg_auto_failover or a cloud that does this needs no manager: package cluster follows what they do.
//
// # What it takes
//
// Synchronous replication to a quorum of standbys that synchronous_standby_names names, as in ANY 1 (db2, db3), with
// primary_conninfo as names and values, not as a URL. Without a quorum, nobody who only asks servers can know what
// was acknowledged, or that the old primary acknowledges no more: then the manager refuses, unless Config.Fence switches the
// old one off. With a wal_sender_timeout of a few seconds, less than twice
// the wal_receiver_status_interval, standbys hear from an idle primary often enough to tell a primary that is lost from one that only the
// manager does not reach.
//
// # How it goes
//
// Managers run where they like, as many as they like: one of them has the lease, which is a [Register] that is changed by
// compare-and-swap alone. It does nothing that it has not stored there before, so another one goes on where it was killed.
//
//  1. The primary does not answer, and no standby has heard from it since: see [cluster.Config].FailureThreshold.
//  2. Its standbys are taken away from it, by their primary_conninfo, which needs no restart. When so many are gone that it has no
//     quorum, it acknowledges nothing any more, whether it is dead, frozen or cut off. Every commit that was acknowledged is on one of
//     them at least.
//  3. The one whose log reaches furthest is promoted. It has to wait for a quorum itself, from its first commit on. Each is marked with the epoch of the
//     manager, in the names of its standbys: a manager who was asleep and wakes up finds another mark and promotes nobody.
//  4. The others follow it, also those that come back later. The old primary, when it comes back, has no standbys, and an older timeline: no
//     client of package cluster goes there, and it acknowledges nothing to those who do. [Config].Rejoin brings it back, by pg_rewind
//     for instance; when it streams, it is one of the quorum again.
//
// [Manager.Switchover] does the same while all is well, after the old primary has taken its last write. [Manager.Pause] is for
// maintenance, and [Config].DryRun for those who want to see first. All that is done, and all that is not, is a [Decision] with its reason: see
// [Manager.Status] and [Config].OnDecision.
//
// # Two nodes
//
// With one standby, the new primary has nobody left who could be a copy: it waits with its first commit until the old one is back as a
// standby, or until a person empties synchronous_standby_names. With two standbys or more, it goes on.
//
// # By hand
//
// Who changes synchronous_standby_names while managers run, does so in a pause: for a second, they go by what was there before.
//
// # Lost and unknown
//
// What is acknowledged is there afterwards. A commit that was not acknowledged may be there or not, as with any crash.
// What PostgreSQL acknowledges without its standbys is not covered: synchronous_commit off or local, and a wait that somebody
// cancels, which package cluster reports.
package failover
