package envcfg

import (
	"net/netip"
	"slices"
	"strings"
)

// databaseURLs are the names of settings that say where a database is and how to reach it; of databaseHosts and sslModes
// counts what they leave out.
func databaseURLs() []string { return []string{"DATABASE_URL", "DATABASE_DSN", "DB_URL", "DB_DSN"} }

func databaseHosts() []string {
	return []string{"DB_HOST", "DATABASE_HOST", "PGHOST", "PG_HOST", "POSTGRES_HOST", "POSTGRESQL_HOST", "MYSQL_HOST", "MARIADB_HOST"}
}

func sslModes() []string {
	return []string{
		"DB_SSL_MODE", "DB_SSLMODE", "DATABASE_SSL_MODE", "DATABASE_SSLMODE", "PGSSLMODE", "PG_SSL_MODE", "PG_SSLMODE", "POSTGRES_SSL_MODE",
		"POSTGRES_SSLMODE",
	}
}

func namesURL(name string) bool {
	return strings.HasSuffix(name, "URL") || strings.HasSuffix(name, "URI") || strings.HasSuffix(name, "DSN")
}

func namesDatabase(name string) bool {
	for _, end := range slices.Concat(databaseURLs(), databaseHosts()) {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// address judges where a database, a cache or another service is, and how it is reached.
func (l *linter) address(s *Setting, name, text string) bool {
	a, ok := parseAddress(text)
	if !ok {
		return strings.Contains(text, "://")
	}
	l.credentials(s, &a)
	l.place(s, name, &a)
	return true
}

// databaseHost judges a host, and a URL in its place, of which the password is in the environment even if nobody uses it.
func (l *linter) databaseHost(s *Setting, name, prefix, text string) {
	a, isURL := address{}, false
	if strings.Contains(text, "://") {
		a, isURL = parseAddress(text)
	}
	if isURL {
		l.credentials(s, &a)
	}
	_, unused := l.given(prefix, databaseURLs()) // which are used instead
	switch {
	case unused:
	case isURL:
		l.place(s, name, &a)
	default:
		l.hosts(s, text)
	}
}

// credentials judges what an address says about who comes.
func (l *linter) credentials(s *Setting, a *address) {
	switch {
	case a.hasPassword:
		l.password(s, a)
	case s.Secret && isPlaceholder(a.user): // such as the key in SENTRY_DSN
		l.add(s, SeverityError, guessed, generate)
	}
}

// place judges where a database is.
func (l *linter) place(s *Setting, name string, a *address) {
	postgres := strings.HasPrefix(a.scheme, "postgres")
	switch {
	case a.settings && a.hosts == "": // it is said elsewhere
		return
	case !a.settings && !namesDatabase(name) && !isDatabase(a.kind()):
		return
	case strings.HasPrefix(a.scheme, "sqlite"):
		l.add(s, SeverityWarning, "the database is a file on this machine", "a database here is lost with the machine")
		return
	}
	l.hosts(s, a.hosts)
	if onSocket(a.hosts) {
		return // without TLS
	}
	if (postgres || a.settings) && a.sslMode != "" || postgres && !l.hasSSLMode(name) {
		l.sslMode(s, a.sslMode)
	}
}

// hasSSLMode says whether a setting of its own gives a URL's sslmode: APP_DB_SSL_MODE, that of APP_DATABASE_URL.
func (l *linter) hasSSLMode(name string) bool {
	for i := range l.report.Settings {
		s := &l.report.Settings[i]
		if prefix, ok := inFrontOf(strings.ToUpper(s.Name), sslModes()); ok && strings.HasPrefix(name, prefix) && s.isGiven() {
			return true
		}
	}
	return false
}

// separateSSLMode judges an sslmode outside of a URL, where it counts.
func (l *linter) separateSSLMode(s *Setting, prefix, mode string) {
	where, ok := l.given(prefix, databaseURLs())
	if !ok {
		where, ok = l.given(prefix, databaseHosts())
	}
	if !ok {
		l.sslMode(s, mode)
		return
	}
	text := where.text.Reveal()
	a, ok := parseAddress(text)
	if !ok {
		a = address{hosts: text}
	}
	if a.sslMode == "" && !onSocket(a.hosts) { // of what the code gave, nothing is known: it has no hosts here
		l.sslMode(s, mode)
	}
}

// splitHosts returns hosts without their ports.
func splitHosts(hosts string) []string {
	list := strings.Split(hosts, ",")
	for i, host := range list {
		if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 || strings.Contains(host, "]:") {
			host = host[:at]
		}
		list[i] = strings.Trim(strings.TrimSpace(host), "[]")
	}
	return list
}

// hosts judges hosts separated by commas, up to the first that is found at fault.
func (l *linter) hosts(s *Setting, hosts string) {
	for _, host := range splitHosts(hosts) {
		if l.host(s, host) {
			return
		}
	}
}

// onSocket says whether no connection goes over a network, where TLS would be.
func onSocket(hosts string) bool {
	return !slices.ContainsFunc(splitHosts(hosts), func(host string) bool { return !isSocket(host) })
}

// isSocket says whether a driver takes a host for a Unix socket.
func isSocket(host string) bool {
	return host == "" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}

// host judges where a database is; it compares hosts, not texts: a password may contain "localhost".
func (l *linter) host(s *Setting, host string) (local bool) {
	address, err := netip.ParseAddr(host)
	lower := strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case isSocket(host):
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

// sslMode judges an sslmode. One that is not known is not repeated: it may be a part of a password that is not encoded.
func (l *linter) sslMode(s *Setting, mode string) {
	const remedy = "use sslmode=verify-full with sslrootcert"
	switch mode {
	case "verify-full":
	case "verify-ca":
		l.add(s, SeverityWarning, "sslmode=verify-ca takes any server with a certificate of that authority", "use sslmode=verify-full")
	case "require":
		l.add(s, SeverityWarning, "sslmode=require encrypts but does not verify the server", remedy)
	case "":
		l.add(s, SeverityWarning, "no sslmode: the driver's default may fall back to plain text", remedy)
	case "disable", "allow", "prefer":
		l.add(s, SeverityError, "sslmode="+shown(mode)+" may send passwords and data in plain text", remedy)
	default:
		l.add(s, SeverityError, "an unknown sslmode, which may send passwords and data in plain text", remedy)
	}
}
