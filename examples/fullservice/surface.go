package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// surface is what operators look at, on the port that users do not reach. Without ADMIN_TOKEN, dumps and changes are closed.
func (s *service) surface() (*admin.Handler, error) {
	cfg := s.Admin
	cfg.Service, cfg.Environment = "fullservice", s.Environment
	cfg.Registry, cfg.Health, cfg.Exchanges = s.registry, s.probes, &s.exchanges
	cfg.Levels = map[string]admin.Leveler{"default": s.level}
	cfg.Parts = []admin.Part{
		{Name: "config", Handler: s.report},
		{Name: "startup", Value: func(context.Context) (any, error) { return s.group.Report(), nil }},
		{Name: "queries", Title: "Slow queries", About: "Without what was in them.", Value: func(context.Context) (any, error) { return s.queries.Slowest(20), nil }},
		{Name: "pools", Title: "Connections", About: "Who has them, and who waits.", Value: func(context.Context) (any, error) { return s.pools(), nil }},
	}
	if !s.AdminToken.IsZero() {
		authorize, err := admin.Token(s.AdminToken.Reveal())
		if err != nil {
			return nil, err
		}
		cfg.Authorize = authorize
	}
	return admin.New(cfg)
}

// pools are the figures of those that are open.
func (s *service) pools() map[string]any {
	all := map[string]any{}
	if primary := s.opened.Load(); primary != nil {
		all["primary"] = primary.Stats()
	}
	if standby := s.standby.pool.Load(); standby != nil {
		all["standby"] = standby.Stats()
	}
	return all
}

// flight keeps the last seconds for the surface, if that is wanted.
func flight(h *admin.Handler) lifecycle.Part {
	return lifecycle.Part{Name: "flight recorder", Phase: lifecycle.Background, Run: h.Run}
}

// besideProbes answers probes where orchestrators expect them, and shows the surface everywhere else.
func besideProbes(probes, surface http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/livez", "/livez/", "/readyz", "/readyz/", "/startupz", "/startupz/"} {
		mux.Handle(path, probes)
	}
	mux.Handle("/", surface)
	return mux
}

// look sees what an operator sees while the crowd is there.
func (c *crowd) look(ctx context.Context) {
	var status struct {
		Status   string   `json:"status"`
		Requests *float64 `json:"requests_per_second"`
	}
	if got, err := c.send(ctx, http.MethodGet, c.admin+"/status", nil); err == nil && json.Unmarshal(got.body, &status) == nil {
		c.looked = status.Requests != nil && (status.Status == "up" || status.Status == "degraded")
	}
	for _, page := range []string{"/", "/info", "/sbom", "/windows/", "/report", "/metrics", "/loggers/", "/config", "/startup", "/queries", "/pools", "/health/"} {
		if got, err := c.send(ctx, http.MethodGet, c.admin+page, nil); err != nil || got.status != http.StatusOK {
			c.expectf(false, "the page %s: status %d, error %v", page, got.status, err)
		}
	}
	got, err := c.send(ctx, http.MethodGet, c.admin+"/goroutines", nil)
	c.closed = err == nil && (got.status == http.StatusNotFound || got.status == http.StatusUnauthorized)
}

func (c *crowd) judgeSurface(v *demo.Verdict) {
	v.Claimf(c.looked, "the admin surface knew that the service is up, and how busy it is")
	v.Claimf(c.closed, "and showed no dump to who has no token")
}
