package envcfg

import (
	"fmt"
	"net/netip"
	"net/url"
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
		l.host(s, text)
	case name == "DB_SSL_MODE":
		l.sslMode(s, text)
	case strings.Contains(text, "://"):
		l.url(s, text)
	case s.Secret:
		l.secret(s, name, text)
	}
}

// secret judges a key or password.
func (l *linter) secret(s *Setting, name, text string) {
	key := strings.HasSuffix(name, "KEY") || strings.HasSuffix(name, "SECRET")
	switch {
	case isPath(text): // DB_SSL_KEY and the like name files
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

func isPath(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./")
}

// examples are what documentation and tutorials write where a secret belongs.
var examples = [...]string{
	"changeme", "change-me", "change_me", "changethis", "example", "placeholder", "your-", "your_", "yoursecret", "yourkey",
	"secretkey", "secret-key", "secret_key", "mysecret", "my-secret", "supersecret", "super-secret", "insecure", "dummy",
	"replace", "todo", "password", "passw0rd", "qwerty", "letmein", "development", "django-insecure", "keyboard cat",
	"1234567890", "0123456789", "abcdefgh", "xxxx", "dev-", "test-",
}

// weak are whole passwords.
var weak = [...]string{"", "secret", "test", "admin", "root", "postgres", "user", "app", "123456", "12345678", "password1", "guest", "redis", "demo"}

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
	distinct := make(map[rune]struct{})
	for _, c := range lower {
		distinct[c] = struct{}{}
	}
	return len(distinct) < 5 && strings.IndexFunc(lower, unicode.IsSpace) < 0
}

// url judges a URL of a database, a cache or another service.
func (l *linter) url(s *Setting, text string) {
	u, err := url.Parse(text)
	if err != nil {
		return // a check of the field says so
	}
	if password, ok := u.User.Password(); ok {
		switch {
		case isExample(password) || password == u.User.Username():
			l.add(s, SeverityError, "its password is an example, or the user's name", generate)
		default:
			if other, ok := l.seen[password]; ok {
				l.add(s, SeverityError, "the same secret as "+other, "give each its own: who learns one has the other")
			}
			l.seen[password] = s.Name
		}
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return
	}
	hosts := u.Host
	if h := u.Query().Get("host"); h != "" {
		hosts = h
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 || strings.Contains(host, "]:") {
			host = host[:i]
		}
		if l.host(s, strings.Trim(host, "[]")) {
			break
		}
	}
	mode := u.Query().Get("sslmode")
	if _, separate := l.report.Setting("DB_SSL_MODE"); mode != "" || !separate {
		l.sslMode(s, mode)
	}
}

// host judges where a database is; it compares hosts, not texts: a password may contain "localhost".
func (l *linter) host(s *Setting, host string) (local bool) {
	address, err := netip.ParseAddr(host)
	lower := strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case host == "" || strings.HasPrefix(host, "/"):
		l.add(s, SeverityWarning, "the database is reached through a socket on this machine", "fine for a proxy beside the service; a database here is lost with the machine")
	case lower == "localhost" || strings.HasSuffix(lower, ".localhost"), err == nil && (address.Unmap().IsLoopback() || address.IsUnspecified()):
		l.add(s, SeverityError, "the database is on this machine", "name the database server: a database here is lost with the machine")
	default:
		return false
	}
	return true
}

func (l *linter) sslMode(s *Setting, mode string) {
	switch mode {
	case "verify-full":
	case "verify-ca":
		l.add(s, SeverityWarning, "sslmode=verify-ca takes any server with a certificate of that authority", "use sslmode=verify-full")
	case "require":
		l.add(s, SeverityWarning, "sslmode=require encrypts but does not verify the server", "use sslmode=verify-full with sslrootcert")
	case "":
		l.add(s, SeverityWarning, "no sslmode: the driver's default may fall back to plain text", "use sslmode=verify-full with sslrootcert")
	default:
		l.add(s, SeverityError, "sslmode="+shown(mode)+" may send passwords and data in plain text", "use sslmode=verify-full with sslrootcert")
	}
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
