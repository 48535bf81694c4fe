// Package faultproxy is a TCP proxy that makes the network misbehave, for tests: latency, thin lines, partitions in one
// direction or both, resets, refused and half-open connections.
//
//	proxy, err := faultproxy.Listen(ctx, server.Addr())
//	defer proxy.Close()
//	pool, err := pgxpool.New(ctx, server.URLVia(proxy.Addr(), "postgres"))
//	proxy.SetFault(faultproxy.Fault{Partition: faultproxy.Both})
//
// It behaves as TCP does: what is sent during a partition is kept and delivered when the partition ends, the end of a
// connection included, and a sender is held back once the buffers are full.
//
// # Concurrency
//
// All methods are safe for concurrent use and take effect at once, on open connections too.
//
// # Limits
//
// The kernel answers a connection request by itself, so a client connects during a partition and then hears nothing; a
// real partition is silent from the first packet.
package faultproxy
