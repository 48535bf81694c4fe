package pool

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connConfig parses the address.
func (a address) connConfig() (*pgx.ConnConfig, error) {
	return pgx.ParseConfigWithOptions(a.url.String(), pgx.ParseConfigOptions{ParseConfigOptions: pgconn.ParseConfigOptions{
		GetSSLPassword: func(context.Context) string { return a.passphrase.Reveal() },
	}})
}

// pgxConfig parses the address and applies the limits. The password is kept out of the result, wherever pgx found it.
// Hooks and tracers are added by [New].
func (c Config) pgxConfig() (*pgxpool.Config, Secret, error) {
	a, err := c.address()
	if err != nil {
		return nil, Secret{}, err
	}
	cc, err := a.connConfig()
	if err != nil {
		// The text is pgx's, of a URL without secrets; the error value is not kept because it holds that URL.
		return nil, Secret{}, &FieldError{Field: "connection", Rule: err.Error()}
	}
	pc, err := pgxpool.ParseConfig("host=localhost port=5432 sslmode=disable connect_timeout=1") // the rest is of cc
	if err != nil {
		return nil, Secret{}, &FieldError{Field: "connection", Rule: err.Error()}
	}
	pc.ConnConfig = cc
	c.setConnectTimeout(cc, a.stated)
	c.setSession(cc.RuntimeParams, a.stated)
	c = c.withDefaults()
	pc.MaxConns = int32(c.MaxConns())       //nolint:gosec // bounded by validateSizes
	pc.MinConns = int32(max(c.MinConns, 0)) //nolint:gosec // bounded by validateSizes
	pc.MaxConnLifetime = 0                  // age and idleness are watched by the pool's own clock: see upkeep.go
	pc.MaxConnIdleTime = never
	pc.PingTimeout = c.PingTimeout
	return pc, takePassword(cc, a.password), nil
}

// takePassword moves the password that pgx found (PGPASSWORD, a password file, a service file) out of the configuration
// that [Pool.Raw] shows, unless there is another.
func takePassword(cc *pgx.ConnConfig, password Secret) Secret {
	if password.IsZero() {
		password = NewSecret(cc.Password)
	}
	cc.Password = ""
	return password
}

// setConnectTimeout: first the URL, then the field, then the environment, then the default. pgx limits each attempt by
// it, so the dialer that it made for connect_timeout is not needed.
func (c Config) setConnectTimeout(cc *pgx.ConnConfig, stated url.Values) {
	cc.DialFunc = (&net.Dialer{}).DialContext
	if !stated.Has("connect_timeout") && c.ConnectTimeout != 0 {
		cc.ConnectTimeout = c.ConnectTimeout
	}
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = c.withDefaults().ConnectTimeout
	}
}

// setSession adds application name, time zone and session limits to the startup parameters: what the URL says is kept,
// then fields that are set win, then what comes from the environment is kept, and what nobody says gets its default.
func (c Config) setSession(params map[string]string, stated url.Values) {
	inURL := make(map[string]string)
	for name := range stated {
		inURL[name] = stated.Get(name)
	}
	defaults := c.withDefaults()
	set := func(name string, isSet bool, field, fallback string) {
		urls, inOptions := takeSetting(inURL, name), setsOption(inURL["options"], name)
		found := takeSetting(params, name)
		switch {
		case urls != "":
			params[name] = urls
		case inOptions:
		case isSet && field == "": // the server's own
		case isSet:
			params[name] = field
		case found != "":
			params[name] = found
		case setsOption(params["options"], name):
		default:
			params[name] = fallback
		}
	}
	set("application_name", c.AppName != "", c.AppName, defaults.AppName)
	set("timezone", c.TimeZone != "", c.TimeZone, defaults.TimeZone)
	set("statement_timeout", c.StatementTimeout != 0, milliseconds(c.StatementTimeout), milliseconds(defaults.StatementTimeout))
	set("lock_timeout", c.LockTimeout != 0, milliseconds(c.LockTimeout), milliseconds(defaults.LockTimeout))
	set("idle_in_transaction_session_timeout", c.IdleInTxTimeout != 0, milliseconds(c.IdleInTxTimeout), milliseconds(defaults.IdleInTxTimeout))
}

// milliseconds returns a limit in the unit of the server's settings, "" for none.
func milliseconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// takeSetting removes a setting and returns its value. The server does not distinguish upper and lower case in names.
func takeSetting(params map[string]string, name string) (value string) {
	for key, v := range params {
		if strings.EqualFold(key, name) {
			value = v
			delete(params, key)
		}
	}
	return value
}

// setsOption reports whether the options parameter, command-line switches for the server ("-c name=value", "--name=value"),
// sets a setting.
func setsOption(options, name string) bool {
	for word := range strings.FieldsSeq(options) {
		key, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-c"), "--"), "=")
		if strings.EqualFold(strings.ReplaceAll(key, "-", "_"), name) {
			return true
		}
	}
	return false
}
