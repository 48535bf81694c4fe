package envcfg

import (
	"net/url"
	"strings"
)

// displayed returns a value as it is shown: without the password of a URL and without parameters that are secrets. Where
// a password could hide elsewhere, nothing is shown.
func displayed(text string) string {
	if !strings.Contains(text, "://") {
		if hasPassword(text) {
			return redacted
		}
		return text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || hasPassword(u.Path) {
		return redacted // a password that is not percent-encoded could be any part of it
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		u.RawQuery = "redacted"
	}
	decoded := []string{u.Path, u.RawQuery, u.Fragment}
	for _, values := range query {
		decoded = append(decoded, values...)
	}
	if all := strings.Join(decoded, " "); strings.Contains(all, "@") || strings.Contains(all, "://") {
		return redacted
	}
	if err == nil {
		u.RawQuery = displayedQuery(u.RawQuery, query)
	}
	u.User = displayedUser(u)
	if strings.Contains(u.Fragment, "=") {
		u.Fragment, u.RawFragment = "redacted", ""
	}
	return u.String()
}

// displayedUser keeps the name of a database's user. Elsewhere a name may be a token.
func displayedUser(u *url.URL) *url.Userinfo {
	_, hasPassword := u.User.Password()
	switch {
	case u.User == nil:
		return nil
	case strings.HasPrefix(u.Scheme, "http"), !hasPassword && !strings.HasPrefix(u.Scheme, "postgres") && u.Scheme != "mysql":
		return url.User("redacted")
	case !hasPassword:
		return u.User
	}
	return url.UserPassword(u.User.Username(), "redacted")
}

// displayedQuery leaves a query without secrets as it is.
func displayedQuery(raw string, query url.Values) string {
	changed := false
	for key := range query {
		if secretKey(key) {
			query.Set(key, "redacted")
			changed = true
		}
	}
	if !changed {
		return raw
	}
	return query.Encode()
}

// hasPassword recognises "user:password@host", with anything around it, and settings such as "host=h password=p".
func hasPassword(text string) bool {
	if at := strings.LastIndexByte(text, '@'); at >= 0 && strings.Contains(text[:at], ":") {
		return true
	}
	found := false
	eachPassword(text, func(string) { found = true })
	return found
}
