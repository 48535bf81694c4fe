package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Resolver looks names up. A [net.Resolver] is one.
type Resolver interface {
	// LookupHost returns the addresses of a host.
	LookupHost(ctx context.Context, host string) (addresses []string, err error)
	// LookupSRV returns the SRV records of a service.
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
}

// HostDiscovery finds one node for each address that a name has, as that of a headless service of Kubernetes. TLS verifies the name of
// the URL for all of them.
type HostDiscovery struct {
	// URL is that of each node, with the name as its host. Required.
	URL Secret
	// Resolver looks the name up. Nil means that of the Go standard library.
	Resolver Resolver
}

// Nodes is for [Config].Discover.
func (d HostDiscovery) Nodes(ctx context.Context) ([]NodeConfig, error) {
	c, err := pgxpool.ParseConfig(d.URL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("cluster: discover by host: URL is wrong: %w", err)
	}
	host, port := c.ConnConfig.Host, strconv.Itoa(int(c.ConnConfig.Port))
	addresses, err := resolver(d.Resolver).LookupHost(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("cluster: discover by host: %w", err)
	}
	slices.Sort(addresses)
	var nodes []NodeConfig
	for _, a := range slices.Compact(addresses) {
		nodes = append(nodes, NodeConfig{Name: net.JoinHostPort(a, port), URL: d.URL, Address: a})
	}
	return nodes, nil
}

// SRVDiscovery finds one node for each SRV record (RFC 2782) of a name. A record's weight is the node's; its priority says nothing, as
// it is not known there who is the primary.
type SRVDiscovery struct {
	// URL is that of each node, in the form postgres://user@any/database; host and port are those of the records. Required.
	URL Secret
	// Service, Proto and Name are looked up as _service._proto.name, or Name alone when both others are empty.
	Service, Proto, Name string
	// Resolver looks the records up. Nil means that of the Go standard library.
	Resolver Resolver
}

// Nodes is for [Config].Discover.
func (d SRVDiscovery) Nodes(ctx context.Context) ([]NodeConfig, error) {
	u, err := url.Parse(d.URL.Reveal())
	if err != nil || u.Scheme == "" {
		return nil, errors.New("cluster: discover by SRV: URL is wrong: must be as in postgres://user@any/database") // without the cause, which may have a password
	}
	_, records, err := resolver(d.Resolver).LookupSRV(ctx, d.Service, d.Proto, d.Name)
	if err != nil {
		return nil, fmt.Errorf("cluster: discover by SRV: %w", err)
	}
	var nodes []NodeConfig
	for _, r := range records {
		u.Host = net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port)))
		nodes = append(nodes, NodeConfig{Name: u.Host, URL: NewSecret(u.String()), Weight: int(r.Weight)})
	}
	slices.SortFunc(nodes, func(a, b NodeConfig) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(nodes, func(a, b NodeConfig) bool { return a.Name == b.Name }), nil
}

func resolver(r Resolver) Resolver {
	if r == nil {
		return new(net.Resolver)
	}
	return r
}
