package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prodwright/prodwright/metrics/health"
)

func Example() {
	probes := &health.Handler{}
	err := probes.Add(
		health.Check{Name: "database", Func: func(context.Context) error { return nil }, Dependency: true},
		health.Check{Name: "cache", Func: func(context.Context) error { return errors.New("refused") }, Severity: health.Degraded},
	)
	fmt.Println(err)
	w := httptest.NewRecorder()
	probes.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz?verbose", nil))
	fmt.Println(w.Code)
	fmt.Print(w.Body)
	// Output:
	// <nil>
	// 200
	// [+]database ok
	// [!]cache warning: reason withheld
	// readyz check passed
}

func ExampleHandler() {
	changed := make(chan health.Result, 1)
	probes := &health.Handler{
		// Error texts only for those who come through the admin listener.
		ShowErrors: func(r *http.Request) bool { return r.Host == "admin.internal" },
		OnChange:   func(_, now health.Result) { changed <- now },
	}
	_ = probes.Add(health.Check{Name: "queue", Func: func(context.Context) error { return errors.New("full") }})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
	r.Host = "admin.internal"
	probes.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	now := <-changed
	fmt.Println(now.Name, now.Status)
	// Output:
	// 503 [-]queue failed: full
	// readyz check failed
	// queue fail
}

func ExampleCheck() {
	probes := &health.Handler{}
	// A restart does not mend a database, so a dependency is refused here.
	err := probes.Add(health.Check{
		Name: "database", Func: func(context.Context) error { return nil }, Dependency: true, Probes: health.Liveness,
	})
	fmt.Println(errors.Is(err, health.ErrDependencyInLiveness))
	// Output: true
}

func ExampleReport() {
	probes := &health.Handler{}
	_ = probes.Add(health.Check{Name: "disk", Func: func(ctx context.Context) error {
		health.Observe(ctx, "free_percent", 12)
		return health.Warn("only 12 %% free")
	}})
	report := probes.Report(context.Background(), health.Readiness)
	for _, r := range report.Results {
		fmt.Println(r.Name, r.Status, r.Severity, r.Err, r.Observed["free_percent"])
	}
	fmt.Println(report.Status)
	// Output:
	// disk warn critical only 12 % free 12
	// warn
}

func ExampleResult() {
	r := health.Result{Name: "disk", Status: health.Warning, Severity: health.Critical}
	fmt.Println(r.Name, r.Status, r.Severity)
	// Output: disk warn critical
}

func ExampleProbe() {
	both := health.Readiness | health.Startup
	fmt.Println(both&health.Liveness == 0)
	// Output: true
}

func ExampleSeverity() {
	fmt.Println(health.Critical, health.Degraded, health.Informative)
	// Output: critical degraded informative
}

func ExampleStatus() {
	fmt.Println(health.Pass, health.Warning, health.Fail)
	// Output: pass warn fail
}

func ExampleHeartbeat() {
	var loop health.Heartbeat
	probes := &health.Handler{}
	_ = probes.Add(loop.Check("dispatcher", time.Minute))
	loop.Beat() // in the loop
	fmt.Println(probes.Report(context.Background(), health.Liveness).Status)
	// Output: pass
}

func ExampleTimeoutError() {
	err := &health.TimeoutError{Limit: 2 * time.Second, Hanging: time.Minute}
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: no answer after 2s (hangs for 1m0s) true
}

func ExamplePanicError() {
	probes := &health.Handler{}
	_ = probes.Add(health.Check{Name: "a", Func: func(context.Context) error { panic("boom") }})
	var pe *health.PanicError
	fmt.Println(errors.As(probes.Report(context.Background(), health.Readiness).Results[0].Err, &pe), pe)
	// Output: true panic: boom
}
