package envcfg

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a [Finding] is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // do not go to production with it
	SeverityWarning Severity = "warning" // a reason is needed
)

// Finding is something that is valid but wrong in production. It holds no secret.
type Finding struct {
	Severity Severity `json:"severity"`
	Name     string   `json:"name"`
	Origin   Origin   `json:"origin"`
	Reason   string   `json:"reason"`
	Remedy   string   `json:"remedy"`
}

// String returns the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", f.Severity, f.Name, f.Reason, f.Remedy)
}

// MinSecretLength is the least length of a key or secret that [Report.Lint] accepts, in characters.
const MinSecretLength = 32

// Lint judges the settings as those of production: debugging switched on, keys that are short, repeated or copied from
// an example, a database on this machine or without a verified server, hosts allowed by a wildcard, files of secrets
// that everybody may read. It looks at names whose last words follow conventions (…_URL, …_DSN, …_KEY, …_SECRET,
// …_PASSWORD, …_TOKEN, DEBUG, LOG_LEVEL, DB_HOST, PGHOST, DB_SSL_MODE, …_HOSTS, …_ORIGINS), where words such as …_PROD, …_V2
// or …_HEX may follow, and at types that hold secrets; of all other settings that have to do with a secret it only finds
// those with a placeholder. Of what the code gave to a field it knows nothing and says nothing. A finding is a place to look at, not a proof.
func (r *Report) Lint() []Finding {
	l := linter{report: r, seen: make(map[string]holder)}
	for i := range r.Settings {
		l.setting(&r.Settings[i])
	}
	l.files()
	return l.findings
}

type linter struct {
	report   *Report
	seen     map[string]holder // by secret
	findings []Finding
}

func (l *linter) add(s *Setting, severity Severity, reason, remedy string) {
	l.findings = append(l.findings, Finding{severity, s.Name, s.Origin, reason, remedy})
}

func (l *linter) setting(s *Setting) {
	text, name := s.text.Reveal(), strings.ToUpper(s.Name)
	if text == "" {
		l.empty(s, name)
		return
	}
	on, _ := parseBool(text)
	host, isHost := inFrontOf(name, databaseHosts())
	mode, isMode := inFrontOf(name, sslModes())
	switch {
	case (endsIn(name, "DEBUG") || name == "TESTING") && on:
		l.add(s, SeverityError, "switched on", "set it to false: it shows internals to whoever asks")
	case endsIn(name, "LOG_LEVEL") && strings.EqualFold(text, "DEBUG"):
		l.add(s, SeverityWarning, "logs everything", "use INFO or WARNING: debug logs are large and tell too much")
	case endsIn(name, "HOSTS", "ALLOWED_HOST", "ORIGINS", "ORIGIN") && strings.Contains(","+strings.ReplaceAll(text, " ", "")+",", ",*,"):
		l.add(s, SeverityWarning, "allows every host", "list the hosts that the service is reached by")
	case isHost:
		l.databaseHost(s, name, host, text)
	case isMode:
		l.separateSSLMode(s, mode, text)
	case s.Secret && namesSecret(name) && !namesURL(name):
		l.secret(s, name, text)
	case (namesURL(name) || strings.Contains(text, "://")) && l.address(s, name, text):
	case s.Secret:
		l.mention(s, name, text)
	}
}

// empty judges a setting without a value, or with one that the code gave it.
func (l *linter) empty(s *Setting, name string) {
	_, separate := l.given("", databaseHosts()) // says where the database is, instead of the URL
	switch {
	case s.isGiven():
	case s.Secret && s.Required, name == "DATABASE_URL" && !separate, name == "SECRET_KEY", name == "LOG_LEVEL":
		l.add(s, SeverityError, "not set", "set it")
	}
}

// isGiven says whether a setting has a value. One from the code is not known.
func (s *Setting) isGiven() bool { return !s.text.IsZero() || s.Origin.Layer == FromCode }

// given returns the first setting with a value that has one of the names after a prefix.
func (l *linter) given(prefix string, names []string) (*Setting, bool) {
	for i := range l.report.Settings {
		s := &l.report.Settings[i]
		name, ok := strings.CutPrefix(strings.ToUpper(s.Name), prefix)
		if ok && s.isGiven() && slices.Contains(names, name) {
			return s, true
		}
	}
	return nil, false
}

// endsIn says whether the last words of a name are one of several.
func endsIn(name string, words ...string) bool {
	_, ok := inFrontOf(name, words)
	return ok
}

// inFrontOf returns what stands in a name before its last words, if they are one of several: "APP_" of APP_DB_HOST.
func inFrontOf(name string, words []string) (prefix string, ok bool) {
	for _, word := range words {
		if prefix, ok := strings.CutSuffix(name, word); ok && (prefix == "" || strings.HasSuffix(prefix, "_")) {
			return prefix, true
		}
	}
	return "", false
}
