package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// lease is the right of one manager to act, over a [Register]. It is for one goroutine.
//
// Whoever has it renews it by changing the record. Who wants it watches the record: when it has not changed for the whole time to
// live by the watcher's own clock, its holder has stopped to act, because the holder counts from before it sent its last
// renewal, and stops a margin earlier.
type lease struct {
	register Register
	id       string
	ttl      time.Duration
	margin   time.Duration // clocks do not go equally fast

	record  Record
	version string
	changed time.Time // when the version was first seen
	until   time.Time // the lease is held before it; zero when it is not
}

// errLost means that another manager acts now, or may.
var errLost = errors.New("failover: the lease is lost")

// holds says whether the lease is held now.
func (l *lease) holds() bool { return !l.until.IsZero() && time.Now().Before(l.until) }

// load looks at the record.
func (l *lease) load(ctx context.Context) error {
	value, version, err := l.register.Load(ctx)
	if err != nil {
		return fmt.Errorf("failover: load the record: %w", err)
	}
	record, err := parseRecord(value)
	if err != nil {
		return err
	}
	if version != l.version || l.changed.IsZero() {
		l.changed = time.Now()
		if record.Holder != l.id || record.Epoch != l.record.Epoch {
			l.until = time.Time{} // it was not this manager that wrote, without hearing of it
		}
	}
	l.record, l.version = record, version
	return nil
}

// free says whether the lease can be taken. One that this manager has without having heard of it is free.
func (l *lease) free() bool {
	return l.record.Holder == "" || l.record.Holder == l.id || time.Since(l.changed) >= l.record.TTL
}

// take takes the lease if it is free, with a new epoch.
func (l *lease) take(ctx context.Context) (taken bool, err error) {
	if err := l.load(ctx); err != nil {
		return false, err
	}
	if l.holds() {
		return true, nil
	}
	if !l.free() {
		return false, nil
	}
	err = l.swap(ctx, func(r *Record) {
		r.Epoch++
		r.Holder, r.TTL = l.id, l.ttl
	})
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// update changes the record and renews the lease, if it is still held. When somebody has changed the record who does not want the lease, by
// [Manager.Pause] and the like, it changes that again.
func (l *lease) update(ctx context.Context, change func(*Record)) error {
	for range 5 {
		if !l.holds() {
			l.until = time.Time{}
			return errLost
		}
		until := l.until
		err := l.swap(ctx, change)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		epoch := l.record.Epoch
		if err := l.load(ctx); err != nil {
			return err
		}
		if l.record.Holder == l.id && l.record.Epoch == epoch {
			l.until = until
		}
	}
	return errLost
}

// release gives the lease back, so that nobody has to wait for its end.
func (l *lease) release(ctx context.Context) error {
	err := l.update(ctx, func(r *Record) { r.Holder = "" })
	l.until = time.Time{}
	return err
}

// swap stores a changed record. After an error that is no conflict it is not known whether it was stored; the lease stays until
// its end, and the next load tells.
func (l *lease) swap(ctx context.Context, change func(*Record)) error {
	next := l.record
	change(&next)
	next.Format = format
	next.Beat++
	value, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("failover: encode the record: %w", err)
	}
	sent := time.Now()
	version, err := l.register.Swap(ctx, value, l.version)
	if err != nil {
		if errors.Is(err, ErrConflict) {
			l.until = time.Time{}
		}
		return fmt.Errorf("failover: store the record: %w", err)
	}
	l.record, l.version, l.changed = next, version, sent
	l.until = sent.Add(l.ttl - l.margin)
	return nil
}
