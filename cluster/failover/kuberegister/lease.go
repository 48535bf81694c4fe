package kuberegister

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	coordination "k8s.io/api/coordination/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/prodwright/prodwright/cluster/failover"
)

// Annotation has the record.
const Annotation = "prodwright.github.io/failover-record"

const (
	swapAnnotation = "prodwright.github.io/failover-swap" // is another one after each swap
	manager        = "prodwright-failover"                // is who changes what, in metadata.managedFields
	inBase64       = "base64:"                            // begins what is; no JSON begins so
)

// ErrForeign means that a Lease has no record of ours: it belongs to somebody else, or a person removed the annotation.
var ErrForeign = errors.New("kuberegister: the lease has no record of ours")

// record returns what is in a Lease.
func record(lease *coordination.Lease) ([]byte, error) {
	text, ok := lease.Annotations[Annotation]
	if !ok {
		return nil, fmt.Errorf("%w: lease %s/%s has no annotation %s: use another name if the lease is somebody else's; if a person removed the annotation, put it back",
			ErrForeign, lease.Namespace, lease.Name, Annotation)
	}
	encoded, ok := strings.CutPrefix(text, inBase64)
	if !ok {
		return []byte(text), nil
	}
	value, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("kuberegister: annotation %s of lease %s/%s: %w", Annotation, lease.Namespace, lease.Name, err)
	}
	return value, nil
}

// fill puts a record into a Lease, and into its spec what a person sees.
func fill(lease *coordination.Lease, value []byte, swap string, now time.Time) {
	text := string(value)
	if !json.Valid(value) || !utf8.Valid(value) {
		text = inBase64 + base64.StdEncoding.EncodeToString(value)
	}
	meta.SetMetaDataAnnotation(&lease.ObjectMeta, Annotation, text)
	meta.SetMetaDataAnnotation(&lease.ObjectMeta, swapAnnotation, swap)

	spec := &lease.Spec
	spec.HolderIdentity, spec.LeaseDurationSeconds, spec.LeaseTransitions, spec.RenewTime = nil, nil, nil, nil
	var r failover.Record
	if json.Unmarshal(value, &r) != nil {
		return
	}
	if r.Holder != "" {
		spec.HolderIdentity = &r.Holder
	}
	if r.TTL > 0 {
		spec.LeaseDurationSeconds = new(int32(min(math.Ceil(r.TTL.Seconds()), math.MaxInt32)))
	}
	spec.LeaseTransitions = new(int32(min(r.Epoch, math.MaxInt32)))
	spec.RenewTime = new(meta.NewMicroTime(now))
}
