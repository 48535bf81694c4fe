package pglog

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"
)

// trouble is something that OnError is told. Troubles of a kind are told together.
type trouble struct {
	kind string
	err  error
}

// report passes a trouble on to the goroutine that tells it, or forgets it when that is behind.
func (s *Sink) report(kind string, err error) {
	if err == nil {
		return
	}
	select {
	case s.troubles <- trouble{kind, err}:
	default:
	}
}

// runReports tells OnError what goes wrong until ctx is done, and what was dropped meanwhile even then.
func (s *Sink) runReports(ctx context.Context) {
	tick := time.NewTicker(s.cfg.ReportEvery)
	defer tick.Stop()
	told := map[string]time.Time{}
	held := map[string]int{}
	dropped := map[string]int64{}
	tell := func(t trouble) {
		if s.cfg.OnError == nil {
			return
		}
		if last, ok := told[t.kind]; ok && time.Since(last) < s.cfg.ReportEvery {
			held[t.kind]++
			return
		}
		if n := held[t.kind]; n > 0 {
			t.err = fmt.Errorf("%w (and %d times more since the last report)", t.err, n)
		}
		told[t.kind], held[t.kind] = time.Now(), 0
		s.cfg.OnError(t.err)
	}
	for {
		select {
		case t := <-s.troubles:
			tell(t)
		case <-tick.C:
			s.tellDropped(dropped)
		case <-ctx.Done():
			for {
				select {
				case t := <-s.troubles:
					tell(t)
					continue
				default:
				}
				s.tellDropped(dropped)
				return
			}
		}
	}
}

// tellDropped tells what was dropped since the last time, in one line.
func (s *Sink) tellDropped(before map[string]int64) {
	var parts []string
	var total int64
	for key, n := range s.Stats().DroppedBy {
		if more := n - before[key]; more > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", key, more))
			total += more
			before[key] = n
		}
	}
	if total > 0 && s.cfg.OnError != nil {
		sort.Strings(parts)
		s.cfg.OnError(fmt.Errorf("logging/pglog: %d records were dropped (%s)", total, strings.Join(parts, ", ")))
	}
}
