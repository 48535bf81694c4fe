package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prodwright/prodwright/metrics/admin"
)

func get(h http.Handler, page string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, page, nil))
	return w.Body.String()
}

func ExampleNew() {
	surface, err := admin.New(admin.Config{Service: "orders", Parts: []admin.Part{{
		Name: "breakers", Value: func(context.Context) (any, error) { return map[string]string{"payments": "closed"}, nil },
	}}})
	if err != nil {
		panic(err)
	}
	fmt.Print(get(surface, "/breakers")) // served on a port of its own: &http.Server{Addr: "127.0.0.1:8081", Handler: surface}
	// Output:
	// {
	//   "payments": "closed"
	// }
}

func ExampleHandler() {
	surface, _ := admin.New(admin.Config{})
	mux := http.NewServeMux()
	mux.Handle("/internal/admin/", surface) // any path will do
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/internal/admin/info", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 application/json; charset=utf-8
}

func ExampleConfig() {
	_, err := admin.New(admin.Config{Restrict: true, Flight: -time.Second})
	fmt.Println(err)
	// Output:
	// admin: invalid configuration:
	// Restrict is set, but Authorize is nil: nobody could look
	// Flight is -1s: must be positive, or 0 for none
}

func ExamplePart() {
	surface, _ := admin.New(admin.Config{Parts: []admin.Part{{
		Name: "settings", Title: "Settings", About: "As they were read.",
		Value: func(context.Context) (any, error) {
			return map[string]string{"url": "postgres://app:hunter2@db/app", "api_key": "abc"}, nil
		},
	}}})
	fmt.Print(get(surface, "/settings"))
	// Output:
	// {
	//   "api_key": "••••",
	//   "url": "postgres://app:••••@db/app"
	// }
}

func ExampleToken() {
	authorize, _ := admin.Token("5f3cbd1e0c9a4a7fb2a4c1d7e8f90123")
	surface, _ := admin.New(admin.Config{Authorize: authorize, Logger: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequest(http.MethodGet, "/goroutines", nil)
	w := httptest.NewRecorder()
	surface.ServeHTTP(w, r)
	fmt.Println(w.Code)
	r.Header.Set("Authorization", "Bearer 5f3cbd1e0c9a4a7fb2a4c1d7e8f90123")
	w = httptest.NewRecorder()
	surface.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// 401
	// 200
}

func ExampleAuthorizer() {
	var byProxy admin.Authorizer = func(r *http.Request, a admin.Access) bool {
		return a != admin.Change && r.Header.Get("X-Verified-Group") == "operators" // a header that only our proxy sets
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Verified-Group", "operators")
	fmt.Println(byProxy(r, admin.Dump), byProxy(r, admin.Change))
	// Output: true false
}

func ExampleAccess() {
	fmt.Println(admin.Look, admin.Dump, admin.Change)
	// Output: look dump change
}

func ExampleLeveler() {
	level := new(slog.LevelVar)
	authorize := func(*http.Request, admin.Access) bool { return true }
	surface, _ := admin.New(admin.Config{Levels: map[string]admin.Leveler{"app": level}, Authorize: authorize, Logger: slog.New(slog.DiscardHandler)})
	surface.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/loggers/app?level=debug&for=15m", nil))
	fmt.Println(level.Level())
	// Output: DEBUG
}

func ExampleTasks() {
	tasks := new(admin.Tasks)
	cleanup, _ := tasks.Add(admin.Task{Name: "cleanup", Every: time.Hour, Run: func(context.Context) error { return nil }})
	_ = cleanup(context.Background()) // by a ticker or a scheduler; POST /tasks/cleanup runs it, too
	for _, t := range tasks.List() {
		fmt.Println(t.Name, t.Runs, t.Failures)
	}
	// Output: cleanup 1 0
}

func ExampleTask() {
	tasks := new(admin.Tasks)
	_, err := tasks.Add(admin.Task{Name: "cleanup"})
	fmt.Println(err)
	// Output: admin: task "cleanup": needs a Name without a slash at its ends, a Run, and times that are not negative
}

func ExamplePanicError() {
	tasks := new(admin.Tasks)
	run, _ := tasks.Add(admin.Task{Name: "cleanup", Run: func(context.Context) error { panic("no roof") }})
	err := run(context.Background())
	var panicked *admin.PanicError
	fmt.Println(errors.As(err, &panicked), err, len(panicked.Stack) > 0)
	// Output: true admin: task cleanup panicked: no roof true
}

func ExampleTaskState() {
	tasks := new(admin.Tasks)
	run, _ := tasks.Add(admin.Task{Name: "cleanup", Run: func(context.Context) error { return fmt.Errorf("the disk is full") }})
	_ = run(context.Background()) // its error is noted
	fmt.Println(tasks.List()[0].Error)
	// Output: the disk is full
}

func ExampleExchanges() {
	exchanges := &admin.Exchanges{Keep: 50}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ann") })
	server := exchanges.Middleware(mux)
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/users/7?secret=x", nil))
	fmt.Println(exchanges.List()[0].Route)
	// Output: GET /users/{id}
}

func ExampleExchangeLog() {
	exchanges := new(admin.Exchanges)
	server := exchanges.Middleware(http.NotFoundHandler())
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/reset/4f9d2c81aa?token=x", nil))
	l := exchanges.List()[0]
	fmt.Println(l.Status, l.Route, l.Query)
	// Output: 404 /reset/•••• [token]
}
