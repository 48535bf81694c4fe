package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"syscall"
	"time"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// quiet keeps the log out of the examples' output; a service leaves Logger nil.
var quiet = slog.New(slog.DiscardHandler)

func Example() {
	group, err := lifecycle.New(lifecycle.Config{Drain: time.Millisecond, Logger: quiet})
	if err != nil {
		fmt.Println(err)
		return
	}
	say := func(what string) func(context.Context) error {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	err = group.Add(
		lifecycle.Part{Name: "pool", Phase: lifecycle.Close, Start: say("pool opens"), Stop: say("pool closes")},
		lifecycle.Part{Name: "mailer", Start: say("mailer starts"), Stop: say("mailer stops")},
		lifecycle.Part{Name: "scheduler", Phase: lifecycle.Background, Start: say("scheduler starts"), Stop: say("scheduler stops")},
	)
	fmt.Println(err)
	go func() {
		for group.Ready(context.Background()) != nil {
			time.Sleep(time.Millisecond)
		}
		group.Shutdown() // a service waits for SIGTERM instead
	}()
	fmt.Println(group.Run(context.Background()))
	// Output:
	// <nil>
	// pool opens
	// mailer starts
	// scheduler starts
	// scheduler stops
	// mailer stops
	// pool closes
	// <nil>
}

func ExampleGroup() {
	group, _ := lifecycle.New(lifecycle.Config{Drain: time.Millisecond, Logger: quiet})
	_ = group.Add(
		group.HTTPServer("api", &http.Server{Addr: "127.0.0.1:0", Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}, nil),
		lifecycle.Part{Name: "job", Run: func(context.Context) error {
			group.Shutdown() // the job is done, and so is the service
			return nil
		}},
	)
	fmt.Println(group.Ready(context.Background()))
	fmt.Println(group.Run(context.Background()))
	fmt.Println(group.Ready(context.Background()))
	<-group.Draining()
	// Output:
	// lifecycle: the service is starting
	// <nil>
	// lifecycle: the service has shut down
}

func ExampleConfig() {
	// All problems at once.
	_, err := lifecycle.New(lifecycle.Config{Drain: 30 * time.Second, Budget: 20 * time.Second, StartTimeout: -5})
	fmt.Println(err)
	// Output:
	// lifecycle: StartTimeout is -5ns: must be positive, 0 (default) or -1 (none)
	// lifecycle: Drain (30s) leaves nothing of Budget (20s) for the parts to stop
}

func ExamplePart() {
	group, _ := lifecycle.New(lifecycle.Config{Logger: quiet})
	err := group.Add(lifecycle.Part{
		Name:  "consumer",
		Phase: lifecycle.Background,
		Run: func(ctx context.Context) error {
			<-ctx.Done() // its turn to stop
			return ctx.Err()
		},
		StopTimeout: 3 * time.Second,
	})
	fmt.Println(err)
	fmt.Println(group.Add(lifecycle.Part{Name: "consumer", Phase: lifecycle.Flush}))
	// Output:
	// <nil>
	// lifecycle: part "consumer" has neither Start nor Run nor Stop
	// lifecycle: there is another part "consumer"
}

func ExamplePhase() {
	fmt.Println("stopping order:", lifecycle.Background, lifecycle.Server, lifecycle.Worker, lifecycle.Flush, lifecycle.Close)
	// Output: stopping order: background server worker flush close
}

func ExampleReport() {
	group, _ := lifecycle.New(lifecycle.Config{Logger: quiet})
	_ = group.Add(lifecycle.Part{
		Name: "cache", Phase: lifecycle.Close,
		Run:  func(context.Context) error { group.Shutdown(); return nil },
		Stop: func(context.Context) error { return errors.New("disk full") },
	})
	fmt.Println(group.Run(context.Background()))
	report := group.Report()
	fmt.Println(report.Cause)
	fmt.Println(len(report.Started), report.StartTook > 0, report.Stopped[0].Error)
	// Output:
	// lifecycle: stop cache: disk full
	// Shutdown was called
	// 1 true lifecycle: stop cache: disk full
}

func ExampleStep() {
	s := lifecycle.Step{Part: "pool", Phase: lifecycle.Close, Took: 12 * time.Millisecond}
	fmt.Println(s.Part, s.Phase, s.Took, s.Error == "")
	// Output: pool close 12ms true
}

func ExampleStepError() {
	group, _ := lifecycle.New(lifecycle.Config{Logger: quiet})
	_ = group.Add(lifecycle.Part{Name: "pool", Start: func(context.Context) error { return errors.New("no such database") }})
	err := group.Run(context.Background())
	var step *lifecycle.StepError
	fmt.Println(errors.As(err, &step), step.Part, step.Action)
	fmt.Println(err)
	// Output:
	// true pool start
	// lifecycle: start pool: no such database
}

func ExampleSignalError() {
	err := &lifecycle.SignalError{Signal: syscall.SIGTERM}
	fmt.Println(err)
	// Output: signal: terminated
}

func ExampleOverdueError() {
	group, _ := lifecycle.New(lifecycle.Config{Logger: quiet})
	hang := make(chan struct{})
	_ = group.Add(lifecycle.Part{
		Name: "stuck", StopTimeout: 10 * time.Millisecond,
		Run:  func(context.Context) error { group.Shutdown(); return nil },
		Stop: func(context.Context) error { <-hang; return nil },
	})
	err := group.Run(context.Background())
	close(hang)
	var overdue *lifecycle.OverdueError
	fmt.Println(errors.As(err, &overdue))
	fmt.Println(err)
	// Output:
	// true
	// lifecycle: stop stuck: did not stop within 10ms and was left behind
}

func ExamplePanicError() {
	group, _ := lifecycle.New(lifecycle.Config{Logger: quiet})
	_ = group.Add(lifecycle.Part{Name: "careless", Run: func(context.Context) error { panic("nil map") }})
	err := group.Run(context.Background())
	var p *lifecycle.PanicError
	fmt.Println(errors.As(err, &p), p.Value, len(p.Stack) > 0)
	// Output: true nil map true
}
