package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prodwright/prodwright/examples/fullservice/users"
	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// clients is the size of the crowd.
const clients = 8

// crowd is clients behind a load balancer: they send requests as long as the service is ready, and check every answer.
// After so many requests it asks for the shutdown, and goes on until the load balancer notices.
type crowd struct {
	service    *service
	api, admin string
	target     int64
	token      string // tells the users of this run from others
	http       *http.Client
	done       chan struct{}

	ready                               atomic.Bool
	requests, created, rejected, during atomic.Int64
	reads                               map[users.Source]*atomic.Int64

	looked, closed bool // what the admin surface showed, and what not

	mu      sync.Mutex
	errors  []error
	paged   bool
	primary int64 // rows after the last request
	standby int64
}

func newCrowd(api, admin string, target int64, s *service) *crowd {
	return &crowd{
		service: s, api: api, admin: admin, target: target,
		token: fmt.Sprintf("smoke-%08x", rand.Uint32()),
		http:  &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}},
		done:  make(chan struct{}),
		reads: map[users.Source]*atomic.Int64{users.FromPrimary: {}, users.FromStandby: {}},
	}
}

// part makes the crowd a part of the service, which looks at the tables after the servers have stopped and before the
// pools close.
func (c *crowd) part() lifecycle.Part {
	return lifecycle.Part{Name: "crowd", Phase: lifecycle.Flush, Run: c.run, Stop: c.count}
}

func (c *crowd) run(ctx context.Context) error {
	defer close(c.done)
	defer c.service.group.Shutdown()
	defer c.http.CloseIdleConnections()
	if err := c.balance(ctx, true); err != nil {
		return err
	}
	c.paging(ctx)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			for i := 0; c.ready.Load(); i++ {
				c.step(ctx, n, i)
			}
		})
	}
	c.look(ctx)
	err := c.balance(ctx, false)
	c.ready.Store(false)
	all.Wait()
	return err
}

// balance is the load balancer: it asks for the readiness until it has heard what is wanted several times in a row.
func (c *crowd) balance(ctx context.Context, want bool) error {
	for heard := 0; ; {
		got, err := c.send(ctx, http.MethodGet, c.admin+"/readyz", nil)
		if err != nil || (got.status == http.StatusOK) != want {
			heard = 0
		} else if heard++; heard == 3 {
			c.ready.Store(want)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
