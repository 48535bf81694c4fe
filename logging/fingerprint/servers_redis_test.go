package fingerprint_test

import "testing"

func redisLines(t *testing.T) []line { t.Skip(); return nil }
