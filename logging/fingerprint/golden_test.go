package fingerprint_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

var update = flag.Bool("update", false, "write the golden files")

// pinned is a line of the golden file: what is logged and what comes of it.
type pinned struct {
	Logger        string         `json:"logger,omitempty"`
	Message       string         `json:"message"`
	Error         string         `json:"error,omitempty"`
	Template      string         `json:"template"`
	ErrorTemplate string         `json:"error_template,omitempty"`
	Fingerprint   fingerprint.ID `json:"fingerprint"`
}

// TestFingerprintsStay pins fingerprints. Users keep them in tables for years, count by them and silence alerts by them: when one
// of these changes, each of their groups whose messages are concerned ends, and another one begins with no history. So a
// change here means another [fingerprint.Version] and a line in the change log, and then -update. A message that
// is to be pinned too is added to the file with its message alone, before -update.
func TestFingerprintsStay(t *testing.T) {
	t.Parallel()
	file := filepath.Join("testdata", "fingerprints.jsonl")
	var all bytes.Buffer
	e := json.NewEncoder(&all)
	e.SetEscapeHTML(false)
	n := 0
	for _, text := range read(t, file) {
		var p pinned
		require.NoError(t, json.Unmarshal([]byte(text), &p), text)
		p.Template, p.ErrorTemplate, p.Fingerprint = fingerprint.Template(p.Message), fingerprint.Template(p.Error), fingerprint.Of(p.Logger, p.Message, p.Error)
		before := all.Len()
		require.NoError(t, e.Encode(p))
		if !*update {
			require.Equal(t, text, strings.TrimSuffix(all.String()[before:], "\n"))
		}
		n++
	}
	if *update {
		require.NoError(t, os.WriteFile(file, all.Bytes(), 0o600))
	}
	require.Greater(t, n, 40)
	require.Equal(t, 1, fingerprint.Version, "all fingerprints are others: all of this file changes")
}
