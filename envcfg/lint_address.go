package envcfg

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// databaseKinds and cacheKinds are what the schemes of their URLs begin with.
var (
	databaseKinds = [...]string{"postgres", "cockroach", "mysql", "mariadb", "sqlserver", "mongodb", "clickhouse"}
	cacheKinds    = [...]string{"redis", "valkey", "memcache"}
)

func isDatabase(kind string) bool { return slices.Contains(databaseKinds[:], kind) }

// address is what a URL, or a driver's notation, says of a database or another service.
type address struct {
	scheme      string
	user        string
	password    string
	hasPassword bool
	hosts       string // separated by commas; empty for a socket
	sslMode     string
	settings    bool // in the notation "host=h password=p"
}

// parseAddress reads "host=h password=p", a URL, "user:password@tcp(host:port)/name", or a URL without its scheme. A URL
// that cannot be parsed says nothing: a check of the field reports it.
func parseAddress(text string) (a address, ok bool) {
	if regexp.MustCompile(`^\s*\w[\w ]*=`).MatchString(text) { // whatever a password in it looks like
		if settings, known := parseSettings(text); known {
			return settingsAddress(settings), true
		}
	}
	if strings.Contains(text, "://") {
		return parseURLAddress(text)
	}
	if m := regexp.MustCompile(`^(.*)@(?:(?:tcp6?)?|\w*\(([^)]*)\))/`).FindStringSubmatch(text); m != nil {
		a = address{scheme: "mysql", hosts: cmp.Or(m[2], "127.0.0.1")}
		a.user, a.password, a.hasPassword = strings.Cut(m[1], ":")
		return a, true
	}
	settings := make(map[string]string)
	for part := range strings.FieldsFuncSeq(text, isSettingSeparator) {
		if key, value, ok := strings.Cut(part, "="); ok {
			settings[strings.ToLower(key)] = value
		}
	}
	a = settingsAddress(settings)
	return a, a.hasPassword || a.hosts != "" || a.sslMode != ""
}

// parseSettings reads pairs with blanks or semicolons between them, and values with such in quotes. It knows such a text
// by the names in it.
func parseSettings(text string) (settings map[string]string, known bool) {
	settings = make(map[string]string)
	pair := regexp.MustCompile(`(?:^|[\s;])(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s;]*)`)
	for _, m := range pair.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(m[1])
		settings[name] = strings.Trim(m[2], `'"`)
		known = known || slices.Contains(settingNames[:], name)
	}
	return settings, known
}

func settingsAddress(settings map[string]string) address {
	_, hasPassword := settings["password"]
	return address{
		settings: true, user: settings["user"], password: settings["password"], hasPassword: hasPassword, sslMode: settings["sslmode"],
		hosts: cmp.Or(settings["host"], settings["hostaddr"], settings["server"]),
	}
}

// settingNames are those of settings that say where a database is and who comes.
var settingNames = [...]string{"host", "hostaddr", "server", "user", "dbname", "password", "sslmode"}

func parseURLAddress(text string) (address, bool) {
	u, err := url.Parse(strings.TrimPrefix(text, "jdbc:"))
	if err != nil {
		return address{}, false
	}
	query := u.Query()
	a := address{
		scheme: u.Scheme, user: cmp.Or(u.User.Username(), query.Get("user")),
		hosts: cmp.Or(query.Get("host"), query.Get("hostaddr"), u.Host), sslMode: query.Get("sslmode"),
	}
	if a.password, a.hasPassword = u.User.Password(); !a.hasPassword {
		a.password, a.hasPassword = query.Get("password"), query.Has("password")
	}
	return a, true
}

// kind is what the scheme of a database or cache begins with, or "".
func (a *address) kind() string {
	for _, kind := range databaseKinds {
		if strings.HasPrefix(a.scheme, kind) {
			return kind
		}
	}
	for _, kind := range cacheKinds {
		if strings.HasPrefix(a.scheme, kind) {
			return kind
		}
	}
	return ""
}

// role tells a user of a database or cache from others, or is "" elsewhere.
func (a *address) role() string {
	switch kind := a.kind(); {
	case kind != "":
		return kind + " " + a.user
	case a.settings:
		return databaseKinds[0] + " " + a.user // whose notation it mostly is
	}
	return ""
}
