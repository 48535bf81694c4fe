package users_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/examples/fullservice/migrations"
	"github.com/prodwright/prodwright/examples/fullservice/problem"
	"github.com/prodwright/prodwright/examples/fullservice/users"
	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

const (
	patience = time.Minute
	tick     = 10 * time.Millisecond
)

var server *pgtest.Server //nolint:gochecknoglobals // one for all tests, see TestMain

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, pgtest.Config{}, func(s *pgtest.Server) { server = s }))
}

func connect(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// call sends a request and returns status, header and body.
func call(h http.Handler, method, target, body string) (int, http.Header, string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Result().Body)
	return w.Code, w.Header(), string(text)
}

func TestAPI(t *testing.T) {
	t.Parallel()
	db := connect(t, server.Database(t))
	_, err := migrations.Apply(t.Context(), db)
	require.NoError(t, err)
	api := users.API(&users.Store{Primary: db})

	status, header, body := call(api, "GET", "/users", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"users": [], "limit": 100, "offset": 0}`, body)
	require.Equal(t, "primary", header.Get(users.ReadFrom))

	status, header, body = call(api, "POST", "/users", `{"name": "Zoë 'Robert'); drop table users;--", "email": "zoe@example.com"}`)
	require.Equal(t, 201, status, body)
	require.Equal(t, "/users/1", header.Get("Location"))
	status, _, got := call(api, "GET", "/users/1", "")
	require.Equal(t, 200, status)
	require.Equal(t, body, got)
	for i := range 3 {
		status, _, body = call(api, "POST", "/users", fmt.Sprintf(`{"name": "n%d", "email": "n%d@example.com"}`, i, i))
		require.Equal(t, 201, status, body)
	}
	var page users.Page
	_, _, body = call(api, "GET", "/users?limit=2&offset=1", "")
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	require.Len(t, page.Users, 2)
	require.Equal(t, int64(2), page.Users[0].ID)

	for name, tc := range map[string]struct {
		method, target, body string
		status               int
		detail               string
	}{
		"no JSON":            {"POST", "/users", `{"name`, 400, "the body is not the JSON of a user"},
		"two values":         {"POST", "/users", `{"name": "a", "email": "a@b.c"} {}`, 400, "there is more after it"},
		"brace too many":     {"POST", "/users", `{"name": "a", "email": "a@b.c"}}`, 400, "there is more after it"},
		"garbage at the end": {"POST", "/users", `{"name": "a", "email": "a@b.c"}]x`, 400, "there is more after it"},
		"not UTF-8":          {"POST", "/users", "{\"name\": \"\xff\", \"email\": \"a@b.c\"}", 400, "the body is not UTF-8"},
		"unknown field":      {"POST", "/users", `{"name": "a", "admin": true}`, 400, `unknown field "admin"`},
		"wrong type":         {"POST", "/users", `{"name": 7}`, 400, "the body is not the JSON of a user: name is not a string"},
		"no object":          {"POST", "/users", `[]`, 400, "the body is not the JSON of a user: it is not an object"},
		"too large":          {"POST", "/users", `{"name": "` + strings.Repeat("a", users.MaxBody) + `"}`, 413, "the body may have 16384 bytes"},
		"everything wrong":   {"POST", "/users", `{"name": " ", "email": "nobody"}`, 422, "the user is not acceptable"},
		"null characters":    {"POST", "/users", `{"name": "a\u0000b", "email": "a\u0000@b.c"}`, 422, "the user is not acceptable"},
		"escape character":   {"POST", "/users", `{"name": "a\u001b[31m", "email": "a@b.c"}`, 422, "the user is not acceptable"},
		"line separator":     {"POST", "/users", `{"name": "a\u2028b", "email": "a@b.c"}`, 422, "the user is not acceptable"},
		"half a character":   {"POST", "/users", `{"name": "a\ud800", "email": "a@b.c"}`, 422, "the user is not acceptable"},
		"control in e-mail":  {"POST", "/users", `{"name": "a", "email": "\"a\u0001\"@b.c"}`, 422, "the user is not acceptable"},
		"invisible name":     {"POST", "/users", `{"name": "\u200b\u00a0\ufe0f\u3164", "email": "a@b.c"}`, 422, "the user is not acceptable"},
		"long name":          {"POST", "/users", `{"name": "` + strings.Repeat("ä", 201) + `", "email": "a@b.c"}`, 422, "the user is not acceptable"},
		"taken":              {"POST", "/users", `{"name": "a", "email": "ZOE@example.com"}`, 409, "the e-mail address is taken"},
		"no number":          {"GET", "/users/abc", "", 400, "the id must be a positive number"},
		"sign":               {"GET", "/users/+1", "", 400, "the id must be a positive number"},
		"negative":           {"GET", "/users/-1", "", 400, "the id must be a positive number"},
		"too big a number":   {"GET", "/users/9223372036854775808", "", 400, "the id must be a positive number"},
		"unknown user":       {"GET", "/users/4711", "", 404, "there is no such user"},
		"limit and offset":   {"GET", "/users?limit=0&offset=-1", "", 400, "limit must be a number from 1 to 1000\noffset must be a number from 0 to 2147483647"},
		"limit too high":     {"GET", "/users?limit=1001", "", 400, "limit must be a number from 1 to 1000"},
		"bad escape":         {"GET", "/users?limit=%zz", "", 400, "the query cannot be read"},
		"semicolon":          {"GET", "/users?limit=10;offset=3", "", 400, "the query cannot be read"},
		"twice":              {"GET", "/users?limit=1&limit=2", "", 400, "limit must be a number from 1 to 1000"},
		"empty limit":        {"GET", "/users?limit=", "", 400, "limit must be a number from 1 to 1000"},
		"limit with a sign":  {"GET", "/users?limit=%2B5", "", 400, "limit must be a number from 1 to 1000"},
		"elsewhere":          {"GET", "/nothing", "", 404, "there is nothing here; see /users"},
		"method":             {"DELETE", "/users", "", 405, "this takes GET, HEAD, POST"},
		"method on a user":   {"PUT", "/users/1", "", 405, "this takes GET, HEAD"},
		"offset beyond end":  {"GET", "/users?offset=2147483647", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, header, body := call(api, tc.method, tc.target, tc.body)
			require.Equal(t, tc.status, status, body)
			if status == 200 {
				return
			}
			require.Equal(t, "application/problem+json", header.Get("Content-Type"))
			var p problem.Problem
			require.NoError(t, json.Unmarshal([]byte(body), &p))
			require.Equal(t, "about:blank", p.Type)
			require.Equal(t, http.StatusText(status), p.Title)
			require.Equal(t, status, p.Status)
			require.Contains(t, p.Detail, tc.detail)
			require.NotContains(t, p.Detail, "Go ")
			if status == 422 && name == "everything wrong" {
				require.Equal(t, []problem.Fault{{Pointer: "#/name", Detail: "must not be empty"}, {Pointer: "#/email", Detail: "must be an e-mail address of at most 254 characters"}}, p.Errors)
			}
		})
	}
	t.Run("not JSON at all", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/users", strings.NewReader("name=a")))
		require.Equal(t, 415, w.Code)
	})
}

func TestReadsSurviveAStandbyThatIsBehindOrGone(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, pgtest.Config{})
	standby, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "standby"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = standby.Close() })
	db, replica := connect(t, primary.URL("postgres")), connect(t, standby.URL("postgres"))
	_, err = migrations.Apply(t.Context(), db)
	require.NoError(t, err)
	store := &users.Store{Primary: db, Standby: replica}
	first, err := store.Create(t.Context(), "first", "first@example.com")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, from, err := store.Get(t.Context(), first.ID)
		return err == nil && from == users.FromStandby
	}, patience, tick)

	_, err = replica.Exec(t.Context(), "select pg_wal_replay_pause()")
	require.NoError(t, err)
	second, err := store.Create(t.Context(), "second", "second@example.com")
	require.NoError(t, err)
	got, from, err := store.Get(t.Context(), second.ID)
	require.NoError(t, err)
	require.Equal(t, second, got)
	require.Equal(t, users.FromPrimary, from, "the standby does not know it yet")

	require.NoError(t, standby.Kill())
	got, from, err = store.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got)
	require.Equal(t, users.FromPrimary, from)
	all, from, err := store.List(t.Context(), 10, 0)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, users.FromPrimary, from)

	require.NoError(t, primary.Kill())
	status, header, body := call(users.API(store), "GET", "/users", "")
	require.Equal(t, 503, status, body)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.NotContains(t, body, "127.0.0.1", "what went wrong inside is not the client's business")
}

// counted counts the questions to a database.
type counted struct {
	users.DB
	asked atomic.Int64
}

func (c *counted) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.asked.Add(1)
	return c.DB.Query(ctx, sql, args...)
}

// A standby that is stopped keeps its connections and answers nothing.
func TestReadsSurviveAStandbyThatHangs(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, pgtest.Config{})
	standby, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "standby"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = standby.Close() })
	open := func(url string) *pool.Pool {
		p, err := pool.New(t.Context(), pool.Config{URL: pool.NewSecret(url)})
		require.NoError(t, err)
		t.Cleanup(func() { _ = p.Close(context.WithoutCancel(t.Context())) })
		return p
	}
	db := open(primary.URL("postgres"))
	_, err = migrations.Apply(t.Context(), db)
	require.NoError(t, err)
	replica := &counted{DB: open(standby.URL("postgres"))}
	api := users.API(&users.Store{Primary: db, Standby: replica})
	status, _, body := call(api, "POST", "/users", `{"name": "a", "email": "a@b.c"}`)
	require.Equal(t, 201, status, body)
	fromStandby := func() bool {
		status, header, _ := call(api, "GET", "/users/1", "")
		return status == 200 && header.Get(users.ReadFrom) == "standby"
	}
	require.Eventually(t, fromStandby, patience, tick)

	require.NoError(t, standby.Hang())
	asked := replica.asked.Load()
	for i := range 100 {
		status, header, body := call(api, "GET", []string{"/users/1", "/users"}[i%2], "")
		require.Equal(t, 200, status, body)
		require.Equal(t, "primary", header.Get(users.ReadFrom))
	}
	require.Less(t, replica.asked.Load()-asked, int64(50), "it is left alone between the attempts")
	require.NoError(t, standby.Continue())
	require.Eventually(t, fromStandby, patience, tick)
}

func TestMigrationsByManyInstances(t *testing.T) {
	t.Parallel()
	db := connect(t, server.Database(t))
	type outcome struct {
		applied []string
		err     error
	}
	outcomes := make(chan outcome)
	const instances = 8
	for range instances {
		go func() {
			applied, err := migrations.Apply(context.WithoutCancel(t.Context()), db)
			outcomes <- outcome{applied, err}
		}()
	}
	var applied []string
	for range instances {
		o := <-outcomes
		require.NoError(t, o.err)
		applied = append(applied, o.applied...)
	}
	require.Equal(t, []string{"0001_users.sql"}, applied, "once, by one of them")
}
