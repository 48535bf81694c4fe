package admin

import (
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// ProfileLength returns how long a profile takes that is asked for.
func ProfileLength(h *Handler, r *http.Request, usual time.Duration) time.Duration {
	return h.lengthOf(r, usual)
}

// BuildSettings returns what is shown of the settings of a build.
func BuildSettings(settings map[string]string) map[string]string {
	b := build{&debug.BuildInfo{}}
	for key, value := range settings {
		b.info.Settings = append(b.info.Settings, debug.BuildSetting{Key: key, Value: value})
	}
	return b.settings()
}

// PURL returns the address of a module as it stands in the bill of materials.
func PURL(path, version string) string {
	return moduleOf("library", &debug.Module{Path: path, Version: version}).PURL
}

// MaskText masks a text.
func MaskText(s string) string { m := secret.Masker{Mask: masked}; return m.Lines(s) }
