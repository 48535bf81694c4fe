package envcfg

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"
)

func namesURL(name string) bool {
	return strings.HasSuffix(name, "URL") || strings.HasSuffix(name, "URI") || strings.HasSuffix(name, "DSN")
}

func namesDatabase(name string) bool {
	return strings.HasSuffix(name, "DATABASE_URL") || strings.HasSuffix(name, "DATABASE_DSN") || strings.HasSuffix(name, "DB_URL") || strings.HasSuffix(name, "DB_DSN")
}

// url judges a URL of a database, a cache or another service.
func (l *linter) url(s *Setting, name, text string) {
	u, err := url.Parse(text)
	if err != nil {
		return // a check of the field says so
	}
	query := u.Query()
	password, ok := u.User.Password()
	if !ok {
		password, ok = query.Get("password"), query.Has("password")
	}
	if ok {
		l.password(s, cmp.Or(u.User.Username(), query.Get("user")), password)
	}
	postgres := strings.HasPrefix(u.Scheme, "postgres")
	if !postgres && !namesDatabase(name) {
		return
	}
	if strings.HasPrefix(u.Scheme, "sqlite") {
		l.add(s, SeverityWarning, "the database is a file on this machine", "a database here is lost with the machine")
		return
	}
	hosts := u.Host
	if h := query.Get("host"); h != "" {
		hosts = h
	}
	l.hosts(s, hosts)
	mode := query.Get("sslmode")
	if _, separate := l.report.Setting("DB_SSL_MODE"); postgres && (mode != "" || !separate) {
		l.sslMode(s, mode)
	}
}

// dsn judges a database named in a driver's notation: "host=h password=p", or "user:password@tcp(host:port)/name".
func (l *linter) dsn(s *Setting, text string) {
	if _, after, ok := strings.Cut(text, "@tcp("); ok {
		host, _, _ := strings.Cut(after, ")")
		l.hosts(s, host)
		return
	}
	settings := make(map[string]string)
	for part := range strings.FieldsFuncSeq(text, isSettingSeparator) {
		key, value, _ := strings.Cut(part, "=")
		settings[strings.ToLower(key)] = strings.Trim(value, "'")
	}
	if password, ok := settings["password"]; ok {
		l.password(s, settings["user"], password)
	}
	if host, ok := settings["host"]; ok {
		l.hosts(s, host)
	}
	if mode, ok := settings["sslmode"]; ok {
		l.sslMode(s, mode)
	}
}

// sslModeOf returns the sslmode of a URL, or of settings such as "host=h sslmode=m", or "".
func sslModeOf(text string) string {
	for part := range strings.FieldsFuncSeq(text, isSettingSeparator) {
		if mode, ok := strings.CutPrefix(part, "sslmode="); ok {
			return mode
		}
	}
	return ""
}

// password judges a password of a user.
func (l *linter) password(s *Setting, user, password string) {
	if isExample(password) || password == user {
		l.add(s, SeverityError, "its password is an example, or the user's name", generate)
		return
	}
	if other, ok := l.seen[password]; ok {
		l.add(s, SeverityError, "the same secret as "+other, "give each its own: who learns one has the other")
	}
	l.seen[password] = s.Name
}

// hosts judges hosts separated by commas, up to the first that is found at fault.
func (l *linter) hosts(s *Setting, hosts string) {
	for host := range strings.SplitSeq(hosts, ",") {
		if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 || strings.Contains(host, "]:") {
			host = host[:i]
		}
		if l.host(s, strings.Trim(host, "[]")) {
			return
		}
	}
}

// host judges where a database is; it compares hosts, not texts: a password may contain "localhost".
func (l *linter) host(s *Setting, host string) (local bool) {
	address, err := netip.ParseAddr(host)
	lower := strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case host == "" || strings.HasPrefix(host, "/"):
		l.add(s, SeverityWarning, "the database is reached through a socket on this machine", "fine for a proxy beside the service; a database here is lost with the machine")
	case lower == "localhost" || lower == "host.docker.internal" || strings.HasSuffix(lower, ".localhost"),
		strings.HasPrefix(lower, "127.") && strings.Trim(lower, ".0123456789") == "", // 127.1, as the system's resolver reads it
		err == nil && (address.Unmap().IsLoopback() || address.IsUnspecified()):
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
