package cluster

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// lookups are the addresses that the name of a host had.
type lookups struct {
	last      time.Time
	addresses []string
}

// moved looks the name of a node up, if it is time, and says whether it has none of its addresses any more. A name that cannot be
// looked up says nothing.
func (l *lookups) moved(ctx context.Context, c *Cluster, n *node, now time.Time) bool {
	cfg := n.pool.ConnConfig
	if now.Sub(l.last) < c.cfg.Lookup || isAddress(cfg.Host) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ProbeTimeout)
	defer cancel()
	one := cfg.Copy()
	if err := c.before(ctx, one); err != nil {
		return false
	}
	addresses, err := one.LookupFunc(ctx, one.Host)
	if err != nil || len(addresses) == 0 {
		return false
	}
	l.last = now
	known := l.addresses
	l.addresses = addresses
	return len(known) > 0 && !slices.ContainsFunc(addresses, func(a string) bool { return slices.Contains(known, a) })
}

// isAddress says whether a host is one without a name: an IP, or the directory of a socket.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}
