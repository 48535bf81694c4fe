package admin

import "runtime/debug"

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
