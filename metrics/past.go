package metrics

import "math"

// past is what a series remembers. The lock of the registry's history guards it.
type past struct {
	// What the recorder had at the last tick.
	whole   uint64
	part    float64
	zero    uint64
	last    float64
	ticked  bool
	octaves []octaveCounts // those that are there

	logs *[len(tiers)]slotLog // nil before the first tick, and when nothing is remembered
}

// log returns what is remembered in a tier.
func (p *past) log(tier int) *slotLog {
	if p.logs == nil {
		return &slotLog{}
	}
	return &p.logs[tier]
}

// size is how much memory what is remembered takes.
func (p *past) size() (size int) {
	if p.logs == nil {
		return 0
	}
	for i := range p.logs {
		size += cap(p.logs[i].buf)
	}
	return size
}

type octaveCounts struct {
	octave int
	counts [bucketsPerOctave]uint64
}

// since adds to t what happened to a series since the last tick. With tick, the next call begins from here.
func (s *series) since(t *tally, tick bool) {
	switch t.kind {
	case KindCounter:
		whole, part := s.counter.totals()
		t.recorded = t.recorded || whole != s.past.whole || part != s.past.part
		t.whole += whole - s.past.whole
		t.part += part - s.past.part
		if tick {
			s.past.whole, s.past.part = whole, part
		}
	case KindGauge:
		s.sample(t, tick)
	case KindHistogram:
		s.distribution(t, tick)
	}
}

// sample takes a gauge as it is. Between two ticks it was also what it was at the first of them.
func (s *series) sample(t *tally, tick bool) {
	if s.gauge.absent.Load() {
		if tick {
			s.past.ticked = false
			s.gauge.seen.take()
		}
		return
	}
	low, high := s.gauge.seen.load()
	if tick {
		low, high = s.gauge.seen.take()
	}
	t.recorded = t.recorded || isSeen(low, high)
	t.last = s.gauge.value()
	t.samples++
	t.sum += t.last
	t.see(min(low, t.last), max(high, t.last))
	if s.past.ticked {
		t.see(s.past.last, s.past.last)
	}
	if tick {
		s.past.last, s.past.ticked = t.last, true
	}
}

func (s *series) distribution(t *tally, tick bool) {
	var zero uint64
	var sum float64
	s.histogram.all(func(c *cells) {
		zero += c.zero.Load()
		sum += math.Float64frombits(c.sum.Load())
		low, high := c.seen.load()
		if tick {
			low, high = c.seen.take()
		}
		t.see(low, high)
		t.recorded = t.recorded || isSeen(low, high)
	})
	t.zero += zero - s.past.zero
	t.whole += zero - s.past.zero
	t.part += sum - s.past.part
	if tick {
		s.past.zero, s.past.part = zero, sum
	}
	for i := range octaves {
		counts, ok := s.histogram.octave(i)
		if !ok {
			continue
		}
		before := s.past.octave(i, tick)
		for j, n := range counts {
			if n != before.counts[j] {
				t.bucket(i*bucketsPerOctave+j, n-before.counts[j])
			}
		}
		if tick {
			before.counts = counts
		}
	}
}

// octave returns the counts at the last tick.
func (p *past) octave(i int, keep bool) *octaveCounts {
	for j := range p.octaves {
		if p.octaves[j].octave == i {
			return &p.octaves[j]
		}
	}
	if !keep {
		return &octaveCounts{}
	}
	p.octaves = append(p.octaves, octaveCounts{octave: i})
	return &p.octaves[len(p.octaves)-1]
}
