package admin_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

type level struct{}

func (level) Level() slog.Level { return slog.LevelInfo }
func (level) Set(slog.Level)    {}

// A level that is set for a while is as usual afterwards, unless somebody else has set it.
func TestLevels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := new(slog.LevelVar)
		app.Set(slog.LevelWarn)
		h := surface(t, admin.Config{Levels: map[string]admin.Leveler{"app/db": app}, Authorize: authorized(t), Logger: quiet()})
		set := func(method, query, body string, headers ...string) (int, string) {
			w := ask(h, method, "/loggers/app/db"+query, body, append(bearer(), headers...)...)
			return w.Code, strings.Join(strings.Fields(w.Body.String()), "")
		}
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		code, body := set("POST", "", "level=debug&for=10m", form...)
		require.Equal(t, http.StatusOK, code)
		require.JSONEq(t, `{"name":"app/db","level":"DEBUG","usual":"WARN","until":"2000-01-01T00:10:00Z"}`, body)
		time.Sleep(10*time.Minute - 1)
		require.Equal(t, slog.LevelDebug, app.Level())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, slog.LevelWarn, app.Level())

		// A second order replaces the first, and what is usual stays.
		set("PUT", "", `{"level": "debug", "for": "1m"}`, "Content-Type", "application/json; charset=utf-8")
		time.Sleep(30 * time.Second)
		_, body = set("POST", "?level=ERROR%2B1", "")
		require.Contains(t, body, `"level":"ERROR+1","usual":"WARN","until":"2000-01-01T01:10:30Z"`, "an hour, when nothing is said")
		time.Sleep(time.Hour - 1)
		require.Equal(t, slog.LevelError+1, app.Level())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, slog.LevelWarn, app.Level())

		// For good, reset, and changed by somebody else in the meantime.
		_, body = set("POST", "?level=info&for=0", "")
		require.JSONEq(t, `{"name":"app/db","level":"INFO"}`, body)
		time.Sleep(24 * time.Hour)
		require.Equal(t, slog.LevelInfo, app.Level())
		set("DELETE", "", "")
		require.Equal(t, slog.LevelInfo, app.Level(), "there is nothing to reset")
		for _, reset := range []func(){func() { set("DELETE", "", "") }, func() { set("POST", "?level=reset", "") }} {
			set("POST", "?level=debug&for=1h", "")
			reset()
			require.Equal(t, slog.LevelInfo, app.Level())
		}
		set("POST", "?level=debug&for=1m", "")
		app.Set(slog.LevelError)
		time.Sleep(time.Hour)
		require.Equal(t, slog.LevelError, app.Level())

		for _, wrong := range []string{"?level=loud", "", "?level=debug&for=soon", "?level=debug&for=-1s"} {
			code, body = set("POST", wrong, "")
			require.Equal(t, http.StatusBadRequest, code, wrong)
			require.Contains(t, body, `"error":`)
		}
		for _, wrong := range []string{"{", `{"level":"debug"} {}`, `{"level":"debug","fro":"1m"}`, `{"level":"debug"` + strings.Repeat(" ", 5000) + "}"} {
			code, _ = set("POST", "", wrong, "Content-Type", "application/json")
			require.Equal(t, http.StatusBadRequest, code, wrong)
		}
		require.Equal(t, slog.LevelError, app.Level())
		w := ask(h, "POST", "/loggers/app%2Fdb?format=html&level=debug&for=1m", "", bearer()...)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "../loggers/", w.Header().Get("Location"))
		require.Equal(t, slog.LevelDebug, app.Level())
		require.Equal(t, http.StatusMethodNotAllowed, ask(h, "PATCH", "/loggers/app/db", "", bearer()...).Code)
		require.Equal(t, http.StatusMethodNotAllowed, ask(h, "POST", "/loggers/", "", bearer()...).Code)
		time.Sleep(time.Hour)
	})
}
