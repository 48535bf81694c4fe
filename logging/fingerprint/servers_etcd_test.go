package fingerprint_test

import "testing"

func etcdLines(t *testing.T) []line { t.Skip(); return nil }
