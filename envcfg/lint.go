package envcfg

import (
	"fmt"
	"os"
	"strings"
	"unicode"
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
// that everybody may read. It looks at names that follow conventions (…_URL, …_KEY, …_SECRET, …_PASSWORD, DEBUG,
// LOG_LEVEL, DB_HOST, DB_SSL_MODE, …_HOSTS, …_ORIGINS); a finding is a place to look at, not a proof.
func (r *Report) Lint() []Finding {
	l := linter{report: r, seen: make(map[string]string)}
	for i := range r.Settings {
		l.setting(&r.Settings[i])
	}
	l.files()
	return l.findings
}

type linter struct {
	report   *Report
	seen     map[string]string // secret: name
	findings []Finding
}

func (l *linter) add(s *Setting, severity Severity, reason, remedy string) {
	l.findings = append(l.findings, Finding{severity, s.Name, s.Origin, reason, remedy})
}

func (l *linter) setting(s *Setting) {
	text := s.text.Reveal()
	name := strings.ToUpper(s.Name)
	if text == "" {
		host, _ := l.report.Setting("DB_HOST") // says where the database is, instead of the URL
		if s.Secret && s.Required || name == "DATABASE_URL" && host.text.IsZero() || name == "SECRET_KEY" || name == "LOG_LEVEL" {
			l.add(s, SeverityError, "not set", "set it")
		}
		return
	}
	on, _ := parseBool(text)
	switch {
	case (name == "DEBUG" || strings.HasSuffix(name, "_DEBUG") || name == "TESTING") && on:
		l.add(s, SeverityError, "switched on", "set it to false: it shows internals to whoever asks")
	case name == "LOG_LEVEL" && strings.EqualFold(text, "DEBUG"):
		l.add(s, SeverityWarning, "logs everything", "use INFO or WARNING: debug logs are large and tell too much")
	case (strings.HasSuffix(name, "_HOSTS") || strings.HasSuffix(name, "_ORIGINS")) && strings.Contains(","+strings.ReplaceAll(text, " ", "")+",", ",*,"):
		l.add(s, SeverityWarning, "allows every host", "list the hosts that the service is reached by")
	case name == "DB_HOST":
		if url, _ := l.report.Setting("DATABASE_URL"); url.text.IsZero() { // which is used instead
			l.host(s, text)
		}
	case name == "DB_SSL_MODE":
		if url, _ := l.report.Setting("DATABASE_URL"); sslModeOf(url.text.Reveal()) == "" {
			l.sslMode(s, text)
		}
	case s.Secret && secretName(name) && !namesURL(name):
		l.secret(s, name, text)
	case strings.Contains(text, "://"):
		l.url(s, name, text)
	case namesDatabase(name):
		l.dsn(s, text)
	case s.Secret:
		l.secret(s, name, text)
	}
}

// secret judges a key or password.
func (l *linter) secret(s *Setting, name, text string) {
	key := strings.HasSuffix(name, "KEY") || strings.HasSuffix(name, "SECRET")
	switch {
	case isPath(name, text):
		return
	case s.Origin.Layer == FromDefault:
		l.add(s, SeverityError, "the default from the code", "set a secret of your own: "+generate)
	case isExample(text):
		l.add(s, SeverityError, "an example, or guessed at once", generate)
	case key && len([]rune(text)) < MinSecretLength:
		l.add(s, SeverityError, fmt.Sprintf("shorter than %d characters", MinSecretLength), generate)
	}
	if other, ok := l.seen[text]; ok {
		l.add(s, SeverityError, "the same secret as "+other, "give each its own: who learns one has the other")
	}
	l.seen[text] = s.Name
}

const generate = "generate one with: openssl rand -base64 32"

// isPath recognises the path of a key, which stands only in variables whose names allow it.
func isPath(name, text string) bool {
	for _, end := range [...]string{"SSL_KEY", "TLS_KEY", "_PATH", "_FILE"} {
		if strings.HasSuffix(name, end) {
			return strings.ContainsAny(text, "/\\.")
		}
	}
	return false
}

// examples are what documentation and tutorials write where a secret belongs.
var examples = [...]string{
	"changeme", "change-me", "change_me", "changethis", "example", "placeholder", "your-", "your_", "yoursecret", "yourkey",
	"secretkey", "secret-key", "secret_key", "mysecret", "my-secret", "supersecret", "super-secret", "insecure", "dummy",
	"replace", "todo", "password", "passw0rd", "qwerty", "letmein", "development", "django-insecure", "keyboard cat",
	"1234567890", "0123456789", "abcdefgh", "xxxx", "dev-", "test-",
}

// weak are whole passwords.
var weak = [...]string{
	"", "secret", "test", "admin", "root", "postgres", "user", "app", "123456", "12345678", "password1", "guest", "redis", "demo",
	"changeit", "p@ssw0rd", "s3cr3t", "admin123", "welcome1",
}

// isExample says whether a secret is one that everybody tries first.
func isExample(text string) bool {
	lower := strings.ToLower(text)
	for _, w := range weak {
		if lower == w {
			return true
		}
	}
	for _, e := range examples {
		if strings.Contains(lower, e) && len(lower) < 4*len(e)+16 {
			return true
		}
	}
	if strings.HasPrefix(lower, "<") && strings.HasSuffix(lower, ">") {
		return true
	}
	distinct := make(map[rune]struct{})
	for _, c := range lower {
		distinct[c] = struct{}{}
	}
	return len(distinct) < 5 && strings.IndexFunc(lower, unicode.IsSpace) < 0 || repeats(lower)
}

// repeats says whether a text is one beginning over and over, such as "0123456789abcdef0123456789abcdef".
func repeats(text string) bool {
	for n := 1; n <= min(len(text)/2, 64); n++ {
		if strings.HasPrefix(text[n:], text[:len(text)-n]) {
			return true
		}
	}
	return false
}

// files looks for files with secrets that others may read.
func (l *linter) files() {
	looked := make(map[string]bool)
	for i := range l.report.Settings {
		s := &l.report.Settings[i]
		path := s.Origin.File
		if !s.Secret || s.text.IsZero() || looked[path] || s.Origin.Layer != FromFile && s.Origin.Layer != FromSecretFile {
			continue
		}
		looked[path] = true
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o007 != 0 {
			l.add(s, SeverityWarning, fmt.Sprintf("everybody on this machine may read its file (mode %04o)", info.Mode().Perm()), "chmod 600 "+path)
		}
	}
}
