package cluster_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	hang = 30 * time.Second // until a test gives up
	tick = 5 * time.Millisecond
)
