package fingerprint_test

import "testing"

func nginxLines(t *testing.T) []line { t.Skip(); return nil }
