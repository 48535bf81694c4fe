package admin_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

// Looking is free, the rest is closed by default and needs a token otherwise.
func TestAccess(t *testing.T) {
	t.Parallel()
	type request struct{ method, page string }
	looks := []request{
		{"GET", "/"}, {"GET", "/status"}, {"GET", "/health/"}, {"GET", "/info"}, {"GET", "/sbom"}, {"GET", "/windows/"}, {"GET", "/report"}, {"GET", "/metrics"},
		{"GET", "/loggers"}, {"GET", "/loggers/app"}, {"GET", "/tasks"}, {"GET", "/config"}, {"GET", "/breakers"}, {"HEAD", "/breakers"},
	}
	dumps := []request{
		{"GET", "/exchanges"}, {"GET", "/goroutines"}, {"GET", "/pprof/"}, {"GET", "/pprof/heap"}, {"GET", "/pprof/profile"}, {"GET", "/pprof/trace"}, {"GET", "/heap"}, {"HEAD", "/pprof/heap"},
	}
	changes := []request{
		{"POST", "/loggers/app?level=debug"}, {"PUT", "/loggers/app?level=debug"}, {"DELETE", "/loggers/app"}, {"POST", "/tasks/reindex"}, {"POST", "/config"}, {"PATCH", "/breakers"}, {"POST", "/metrics"},
		{"POST", "/goroutines"}, {"BREW", "/heap"}, {"OPTIONS", "/heap"}, {"TRACE", "/heap"}, {"TRACE", "/goroutines"},
	}
	code := func(h http.Handler, r request, headers ...string) int {
		return ask(h, r.method, r.page, "", headers...).Code
	}
	all := map[admin.Access][]request{admin.Look: looks, admin.Dump: dumps, admin.Change: changes}

	c := whole(t)
	c.Authorize = nil
	closed := surface(t, c)
	c = whole(t)
	open := surface(t, c)
	c.Restrict = true
	restricted := surface(t, c)
	c.Authorize = authorized(t, admin.Look, admin.Dump)
	partly := surface(t, c)
	for access, requests := range all {
		for _, r := range requests {
			if r.page == "/pprof/profile" || r.page == "/pprof/trace" {
				require.Equal(t, 404, code(closed, r, bearer()...), r)
				require.Equal(t, 401, code(open, r), r)
				continue
			}
			if access == admin.Look {
				require.Equal(t, 200, code(closed, r), r)
				require.Equal(t, 200, code(open, r), r)
			} else {
				require.Equal(t, 404, code(closed, r), r)
				require.Equal(t, 404, code(closed, r, bearer()...), r)
				require.Equal(t, 401, code(open, r), r)
			}
			require.Equal(t, 401, code(restricted, r), r)
			for _, wrong := range []string{
				"Bearer " + token + "x", "Bearer " + token[1:], "Bearer", "Bearer ", "", token, "Basic " + token, "bearer\t" + token, "Bearer " + strings.ToUpper(token),
				"Basic eDp4", // x:x
			} {
				require.Equal(t, 401, code(restricted, r, "Authorization", wrong), "%v with %q", r, wrong)
			}
			for _, right := range []string{"Bearer " + token, "bearer " + token, "Basic eDowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==" /* x: and the token */} {
				got := code(restricted, r, "Authorization", right)
				require.NotContains(t, []int{401, 403, 404}, got, "%v with %q", r, right)
				got = code(partly, r, "Authorization", right)
				if access == admin.Change {
					require.Equal(t, 401, got, r)
				} else {
					require.Equal(t, 200, got, r)
				}
			}
		}
	}
	require.Equal(t, []string{`Basic realm="admin", charset="UTF-8"`, `Bearer realm="admin"`}, ask(open, "GET", "/goroutines", "").Header().Values("WWW-Authenticate"))
	require.Equal(t, 200, code(restricted, request{"GET", "/style.css"}), "which says nothing")
}

// A page of somebody else's that makes the browser send a change, with the password that it knows, is refused.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	c := whole(t)
	level := new(slog.LevelVar)
	c.Levels = map[string]admin.Leveler{"app": level}
	h := surface(t, c)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		require.Equal(t, http.StatusForbidden, ask(h, "POST", "/loggers/app?level=debug", "", append(bearer(), headers...)...).Code, headers)
		require.Equal(t, slog.LevelInfo, level.Level())
	}
	require.Equal(t, http.StatusOK, ask(h, "POST", "/loggers/app?level=debug", "", append(bearer(), "Sec-Fetch-Site", "same-origin")...).Code)
	require.Equal(t, slog.LevelDebug, level.Level())
}

func TestToken(t *testing.T) {
	t.Parallel()
	_, err := admin.Token("hunter2hunter2")
	require.ErrorContains(t, err, "has 14 bytes, but needs 32 at least")
	require.NotContains(t, err.Error(), "hunter2")
	other, err := admin.Token("fedcba9876543210fedcba9876543210", admin.Change)
	require.NoError(t, err)
	c := whole(t)
	c.Authorize = admin.AnyOf(authorized(t, admin.Dump), other)
	h := surface(t, c)
	require.Equal(t, 200, ask(h, "GET", "/heap", "", bearer()...).Code)
	require.Equal(t, 401, ask(h, "DELETE", "/loggers/app", "", bearer()...).Code)
	require.Equal(t, 200, ask(h, "DELETE", "/loggers/app", "", "Authorization", "Bearer fedcba9876543210fedcba9876543210").Code)
	require.Equal(t, 401, ask(h, "GET", "/heap", "", "Authorization", "Bearer fedcba9876543210fedcba9876543210").Code)
	require.False(t, admin.AnyOf()(nil, admin.Look))
}

// Who dumped and changed is in the log; the token is not.
func TestAccessIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := whole(t)
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	h := surface(t, c)
	ask(h, "GET", "/windows", "")
	require.Empty(t, log.String())
	ask(h, "GET", "/heap", "", bearer()...)
	require.Contains(t, log.String(), "access=dump method=GET path=/heap remote=192.0.2.1:1234")
	ask(h, "POST", "/tasks/reindex", "", bearer()...)
	require.Contains(t, log.String(), "access=change method=POST path=/tasks/reindex remote=192.0.2.1:1234")
	ask(h, "GET", "/heap/password=hunter2", "", bearer()...)
	ask(h, "GET", "/goroutines/password=hunter2", "")
	require.NotContains(t, log.String(), token)
	require.NotContains(t, log.String(), "hunter2")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := admin.New(admin.Config{
		Restrict: true, Flight: -1, FlightBytes: -1, MaxProfile: -1, Levels: map[string]admin.Leveler{"": new(slog.LevelVar), "x": nil},
		Parts: []admin.Part{{Name: "Upper"}, {Name: "info", Handler: http.NotFoundHandler()}, {Name: "a", Handler: http.NotFoundHandler(), Access: 9}, {Name: "a"}},
	})
	for _, part := range []string{
		"admin: invalid configuration:\n", "Restrict is set, but Authorize is nil", "Flight is -1ns", "FlightBytes is -1", "MaxProfile is -1ns", `Levels[""]`, `Levels["x"]`,
		`Parts[0].Name is "Upper": must be`, `Parts[0] ("Upper") must have either Value or Handler`, `Parts[1].Name is "info", which is taken`, `Parts[2] ("a").Access is 9`,
		`Parts[3].Name is "a", which is taken`, `Parts[3] ("a") must have either`,
	} {
		require.ErrorContains(t, err, part)
	}
	h, err := admin.New(admin.Config{})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, ask(h, "GET", "/", "").Code)
	require.Equal(t, http.StatusNotFound, ask(h, "GET", "/windows/", "").Code, "there is no registry")
	require.Contains(t, ask(h, "GET", "/status", "").Body.String(), `"status": "unknown"`)
}
