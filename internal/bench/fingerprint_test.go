package bench

import (
	"hash/fnv"
	"regexp"
	"testing"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

// logMessages are as services write them, some seventy bytes each.
func logMessages() []string {
	return []string{
		"connect to shard 17 at 192.0.2.1:5432 failed after 1.5s for user 4711, request 0af76519-16cd-43dd-8448-eb211c80319c",
		"dial tcp 10.4.2.17:6379: connect: connection refused",
		`ERROR: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)`,
		"order 81733 of user ann@example.com could not be charged: card declined",
		"context deadline exceeded",
		`Get "https://api.example.com/v2/rates?currency=EUR": net/http: TLS handshake timeout`,
		"cache miss for key session:4f0c1b9a77d2, loading from the database took 812ms",
		"open /var/lib/app/uploads/2026/11/25/report.pdf: no such file or directory",
		"retrying in 2.5s (attempt 3 of 5): 503 Service Unavailable",
		"worker pool is full: 64 of 64 busy, 1289 waiting",
		"invalid character '<' looking for beginning of value",
		"migration 20261125_add_index applied in 3m12s",
	}
}

// BenchmarkFingerprint takes one message after the other. Its rival is what people write instead: one expression that
// replaces what looks like a value, and a hash.
func BenchmarkFingerprint(b *testing.B) {
	messages := logMessages()
	values := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|"[^"]*"|\b[0-9a-f]{8,}\b|/[^ :]+|\b\d+(\.\d+)*(:\d+)?\w*`)
	var sum uint64
	each := func(of func(message string) uint64) func(int) {
		return func(n int) {
			for i := range n {
				sum += of(messages[i%len(messages)])
			}
		}
	}
	compare(
		b, 1200,
		variant{name: "expression", run: each(func(message string) uint64 {
			h := fnv.New64a()
			_, _ = h.Write([]byte(values.ReplaceAllLiteralString(message, "<*>")))
			return h.Sum64()
		})},
		variant{name: "fingerprint", most: 500, run: each(func(message string) uint64 { return uint64(fingerprint.Of("app.users", message, "")) })},
	)
	if sum == 0 {
		b.Error("nothing was done")
	}
}
