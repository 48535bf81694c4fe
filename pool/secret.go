package pool

import (
	"fmt"
	"log/slog"
)

// redacted is what every rendering of a secret shows, whatever its length.
const redacted = "[redacted]"

// Secret is a string that no formatting verb, encoder or logger prints. The zero value is the empty secret and prints
// as empty. Convert it to string where the value itself is needed.
type Secret string

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

// String returns "[redacted]", or "" for the empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format prints the same as [Secret.String] for every verb, including %#v, %x and %q.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText encodes what [Secret.String] returns, so JSON, XML and text encoders never see the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue logs what [Secret.String] returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
