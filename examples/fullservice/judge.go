package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/examples/fullservice/users"
	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/pool"
)

// count counts the users of this run in the tables, on the standby as soon as it has caught up, and removes them.
func (c *crowd) count(ctx context.Context) error {
	select {
	case <-c.done:
	case <-ctx.Done():
		return fmt.Errorf("the crowd is still busy: %w", context.Cause(ctx))
	}
	var err error
	if c.primary, err = c.rows(ctx, c.service.primary); err != nil {
		return err
	}
	for replica := c.service.standby.pool.Load(); replica != nil; {
		if c.standby, err = c.rows(ctx, replica); err != nil {
			return err
		}
		if c.standby == c.primary {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the standby has %d of %d users: %w", c.standby, c.primary, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
	_, err = c.service.primary.Exec(ctx, "delete from prodwright_example.users where email like $1", c.token+"-%")
	return err
}

func (c *crowd) rows(ctx context.Context, p *pool.Pool) (n int64, err error) {
	err = p.QueryRow(ctx, "select count(*) from prodwright_example.users where email like $1", c.token+"-%").Scan(&n)
	return n, err
}

// judge says what the crowd has seen.
func (c *crowd) judge(v *demo.Verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, err := range c.errors[:min(len(c.errors), 10)] {
		v.Claimf(false, "%v", err)
	}
	created, fromStandby := c.created.Load(), c.reads[users.FromStandby].Load()
	v.Claimf(len(c.errors) == 0 && c.requests.Load() >= c.target, "every request was answered as it should be")
	v.Claimf(c.during.Load() > 0, "also those that were sent while the service was shutting down, each with Connection: close")
	v.Claimf(c.paged, "lists are in the order of the ids and begin where they were asked to")
	v.Claimf(created > 0 && c.primary == created, "every acknowledged user is on the primary, and no other")
	v.Claimf(c.rejected.Load() > 0, "bad requests were answered with problem JSON")
	measured, _ := c.service.registry.Summary("http_request_duration_seconds", metrics.MaxWindow)
	v.Claimf(measured.Count >= uint64(c.requests.Load()), "the metrics have counted every request") //nolint:gosec // not negative
	c.judgeSurface(v)
	v.Figure("p99_seconds", measured.P99)
	if c.service.store.Standby != nil {
		v.Claimf(c.standby == created, "the standby has the same users")
		v.Claimf(fromStandby > 0, "reads were answered by the standby")
	}
	v.Figure("requests", c.requests.Load())
	v.Figure("errors", len(c.errors))
	v.Figure("created", created)
	v.Figure("rejected", c.rejected.Load())
	v.Figure("reads_from_standby", fromStandby)
	v.Figure("reads_from_primary", c.reads[users.FromPrimary].Load())
	v.Figure("during_shutdown", c.during.Load())
	v.Figure("rows_on_primary", c.primary)
	v.Figure("rows_on_standby", c.standby)
	started(v, c.service.group.Report())
}

// started notes how long each part took to start and to stop.
func started(v *demo.Verdict, r lifecycle.Report) {
	v.Figure("start_ms", r.StartTook.Milliseconds())
	v.Figure("started", r.Started)
	v.Figure("stop_ms", r.StopTook.Milliseconds())
	v.Figure("stopped", r.Stopped)
}
