package envcfg

import (
	"maps"
	"slices"
	"strings"
)

// StandardProfiles returns the values that the environments development, testing, staging and production bring: DEBUG,
// TESTING, LOG_LEVEL, DB_POOL_SIZE, DB_MAX_OVERFLOW, CACHE_TTL (in seconds) and RATE_LIMIT. The result is the caller's
// to change and to give back as Options.Profiles.
func StandardProfiles() map[string]map[string]string {
	profiles := make(map[string]map[string]string, len(standardNames))
	for _, environment := range standardNames {
		profile := make(map[string]string, len(standardSettings))
		for _, s := range standardSettings {
			profile[s.name] = s.value(environment)
		}
		profiles[environment] = profile
	}
	return profiles
}

// standardNames are the environments of [StandardProfiles], in the order in which a service meets them.
var standardNames = [...]string{"development", "testing", "staging", "production"}

// standardSetting is one value of the standard profiles.
type standardSetting struct {
	name string
	in   [len(standardNames)]string
}

func (s standardSetting) value(environment string) string {
	for i := range standardNames {
		if standardNames[i] == environment {
			return s.in[i]
		}
	}
	return ""
}

var standardSettings = [...]standardSetting{
	{"DEBUG", [...]string{"true", "false", "false", "false"}},
	{"TESTING", [...]string{"false", "true", "false", "false"}},
	{"LOG_LEVEL", [...]string{"DEBUG", "WARNING", "INFO", "WARNING"}},
	{"DB_POOL_SIZE", [...]string{"5", "2", "10", "20"}},
	{"DB_MAX_OVERFLOW", [...]string{"10", "5", "20", "30"}},
	{"CACHE_TTL", [...]string{"3600", "3600", "3600", "3600"}},
	{"RATE_LIMIT", [...]string{"1000", "1000", "1000", "1000"}},
}

// profile looks up what the environment's profile says.
func (o *Options) profile(environment, name string) (string, bool) {
	if o.Profiles != nil {
		value, ok := o.Profiles[environment][name]
		return value, ok
	}
	for _, s := range standardSettings {
		if s.name == name {
			return s.value(environment), true
		}
	}
	return "", false
}

// environments returns the known names.
func (o *Options) environments() []string {
	if o.Profiles != nil {
		return slices.Sorted(maps.Keys(o.Profiles))
	}
	var names []string
	for _, name := range standardNames {
		names = append(names, name)
	}
	return names
}

// knows says whether an environment has a profile.
func (o *Options) knows(environment string) bool {
	if o.Profiles != nil {
		_, ok := o.Profiles[environment]
		return ok
	}
	for _, name := range standardNames {
		if name == environment {
			return true
		}
	}
	return false
}

// checkEnvironment returns what is wrong with the name of the environment, or "".
func (o *Options) checkEnvironment(name string) string {
	if o.knows(name) {
		return ""
	}
	known := o.environments()
	if len(known) == 0 {
		return "is no known environment: Options.Profiles names none"
	}
	reason := "is no known environment: use " + oneOf(known)
	for _, k := range known {
		if lower := strings.ToLower(name); len(lower) >= 3 && strings.HasPrefix(k, lower) || lower == k || distance(lower, k) <= 2 {
			return reason + " (did you mean " + k + "?)"
		}
	}
	return reason
}

// oneOf returns "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
