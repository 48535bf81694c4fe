package fingerprint_test

import "testing"

func prometheusLines(t *testing.T) []line { t.Skip(); return nil }
