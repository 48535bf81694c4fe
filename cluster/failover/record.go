package failover

import (
	"encoding/json"
	"fmt"
	"time"
)

// Record is what the managers of a cluster share, as the JSON in their [Register].
type Record struct {
	// Format is that of the record. Managers leave alone what is newer than they know.
	Format int `json:"format"`
	// Epoch grows with each manager that takes over. What is done to a server has the number of it, so that a manager who was asleep
	// does nothing more.
	Epoch uint64 `json:"epoch"`
	// Holder is who may act, and TTL for how long after the last change that others have seen. An empty one is nobody.
	Holder string        `json:"holder"`
	TTL    time.Duration `json:"ttl_ns"`
	// Beat changes with each renewal.
	Beat uint64 `json:"beat"`
	// Paused says that nobody acts, for maintenance, and why.
	Paused bool   `json:"paused,omitempty"`
	Why    string `json:"why,omitempty"`
}

const format = 1

// parseRecord reads a record; of an empty register, it is the zero one.
func parseRecord(value []byte) (Record, error) {
	var r Record
	if len(value) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, fmt.Errorf("failover: the register has no record: %w", err)
	}
	if r.Format > format {
		return r, fmt.Errorf("failover: the record has format %d, this program knows %d: update it", r.Format, format)
	}
	return r, nil
}
