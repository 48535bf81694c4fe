package sysmon_test

import (
	"testing"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

// What a sample costs the process that it measures.
func BenchmarkSample(b *testing.B) {
	s, err := sysmon.New(metrics.Discard{}, sysmon.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
