package failover

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrRefused means that the manager that has the lease did not do what was asked of it, and changed nothing.
var ErrRefused = errors.New("failover: refused")

// Pause makes all managers of the cluster do nothing until [Manager.Resume], whatever happens: for maintenance. A failover that is under
// way is finished before, and a switchover can be asked for meanwhile. Any manager can be asked, also one that does not run. reason says why, and who;
// it must not be empty.
func (m *Manager) Pause(ctx context.Context, reason string) error {
	if reason == "" {
		return errors.New("failover: pause: the reason is empty: say why, and who")
	}
	return m.change(ctx, func(r *Record) { r.Paused = reason })
}

// Resume ends a pause. When there is none, it does nothing.
func (m *Manager) Resume(ctx context.Context) error {
	return m.change(ctx, func(r *Record) { r.Paused = "" })
}

// Switchover replaces the primary by another node while all is well: by the one with the name to, or when it is empty, by the standby that has
// most. The old one takes no more writes, those under way end, the new one has all of the log, and then it goes like a failover. So
// nothing is lost, and writes of package cluster wait, and do not fail.
//
// Any manager can be asked, also one that does not run: the one that has the lease does it. Switchover returns when it is done. An error that matches
// [ErrRefused] says why it was not; nothing has changed then. When ctx is done before anybody began, it is taken back.
func (m *Manager) Switchover(ctx context.Context, to string) error {
	if _, err := m.address(to); to != "" && err != nil {
		return fmt.Errorf("failover: switchover: %w", err)
	}
	id := m.cfg.ID + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	var busy bool
	err := m.change(ctx, func(r *Record) {
		if busy = r.Request != nil || r.Plan != nil; !busy {
			r.Request = &Request{ID: id, At: time.Now(), To: to}
		}
	})
	if err != nil {
		return err
	}
	if busy {
		return fmt.Errorf("%w: another failover or switchover is under way", ErrRefused)
	}
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for {
		r, _, err := m.look(ctx)
		if a, ok := r.answered(id); err == nil && ok {
			if a.Refused != "" {
				return fmt.Errorf("%w: %s", ErrRefused, a.Refused)
			}
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return m.takeBack(ctx, id, err)
		}
	}
}

// takeBack takes a request back that nobody has begun with.
func (m *Manager) takeBack(ctx context.Context, id string, last error) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.cfg.TTL/2)
	defer cancel()
	began := true
	err := m.change(limit, func(r *Record) {
		if r.Request != nil && r.Request.ID == id {
			r.Request, began = nil, false
		}
	})
	cause := cmp.Or(last, context.Cause(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("failover: switchover: cannot take it back: %w", errors.Join(cause, err))
	case began:
		return fmt.Errorf("failover: switchover: it has begun, and goes on: %w", cause)
	}
	return fmt.Errorf("failover: switchover: no manager has begun: %w", cause)
}

// look loads the record, as somebody who does not want the lease.
func (m *Manager) look(ctx context.Context) (Record, string, error) {
	value, version, err := m.cfg.Register.Load(ctx)
	if err != nil {
		return Record{}, "", fmt.Errorf("failover: load the record: %w", err)
	}
	r, err := parseRecord(value)
	return r, version, err
}

// change changes the record, as somebody who does not want the lease: the holder sees it, and keeps the lease.
func (m *Manager) change(ctx context.Context, change func(*Record)) error {
	for {
		r, version, err := m.look(ctx)
		if err != nil {
			return err
		}
		change(&r)
		r.Format = format
		value, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("failover: encode the record: %w", err)
		}
		_, err = m.cfg.Register.Swap(ctx, value, version)
		if err == nil || !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}
