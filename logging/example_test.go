package logging_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/rotate"
)

// withoutTime leaves out what differs from run to run.
type withoutTime struct{ io.Writer }

func (w withoutTime) Write(p []byte) (int, error) {
	line := regexp.MustCompile(`"timestamp":"[^"]*",|^\S+Z - |,"seconds":[0-9.]+`).ReplaceAll(p, nil)
	if _, err := w.Writer.Write(line); err != nil {
		return 0, err
	}
	return len(p), nil
}

// onStdout logs to the standard output alone, without times.
func onStdout(structured bool) logging.Config {
	return logging.Config{
		Console:   logging.Console{Structured: structured, Writer: withoutTime{os.Stdout}},
		File:      logging.File{Enabled: logging.Disable},
		ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
		Caller:    logging.Disable,
	}
}

func Example() {
	logs, err := logging.New(onStdout(true))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())

	ctx := logging.With(context.Background(), logging.UserID("4711"), logging.RequestID("req-456"), logging.IP(netip.MustParseAddr("192.0.2.1")))
	log := logs.Named("app.users")
	log.Info("user created", logging.Ctx(ctx), zap.String("plan", "free"))
	logs.Slog("app").WarnContext(ctx, "quota nearly reached", "used", 95)
	// Output:
	// {"level":"INFO","logger":"app.users","message":"user created","user_id":"4711","request_id":"req-456","ip_address":"192.0.2.1","extra_data":{"plan":"free"}}
	// {"level":"WARNING","logger":"app","message":"quota nearly reached","user_id":"4711","request_id":"req-456","ip_address":"192.0.2.1","extra_data":{"used":95}}
}

func ExampleLogs() {
	logs, err := logging.New(onStdout(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	logs.Named("app").Info("started", zap.Int("port", 8000))
	logs.Named("database").Warn("slow query", zap.Duration("took", 1500*time.Millisecond))
	fmt.Println(logs.Close(context.Background()))
	// Output:
	// app - INFO - started {"port":8000}
	// database - WARNING - slow query {"took":1.5}
	// <nil>
}

func ExampleConfig() {
	_, err := logging.New(logging.Config{
		Level: "LOUD",
		File:  logging.File{MaxBytes: 10},
	})
	fmt.Println(err)
	// Output:
	// logging: invalid configuration:
	// Level is "LOUD": must be DEBUG, INFO, WARNING, ERROR, CRITICAL or OFF
	// File.MaxBytes is 10: must be at least 1024, or -1 for no limit
}

func ExampleConsole() {
	cfg := onStdout(false)
	cfg.Console.Level = "ERROR"
	logs, err := logging.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	logs.Logger().Info("not shown")
	logs.Logger().WithOptions(zap.AddStacktrace(logging.Off)).Error("payment failed", zap.Error(errors.New("card expired")))
	// Output:
	// ERROR - payment failed
	//     card expired
}

func ExampleFile() {
	cfg := logging.Config{
		File:      logging.File{Name: "service.log", MaxBytes: 100 << 20, Backups: 20},
		ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
	}
	fmt.Println(cfg.Validate())
	// Output: <nil>
}

func ExampleFiles() {
	cfg := logging.Config{Files: logging.Files{Every: rotate.Daily, MaxAge: 30 * 24 * time.Hour, MaxTotal: 1 << 30}}
	fmt.Println(cfg.Validate())
	// Output: <nil>
}

func ExampleErrorFile() {
	cfg := logging.Config{ErrorFile: logging.ErrorFile{Name: "application.log"}}
	fmt.Println(cfg.Validate())
	// Output: File.Name and ErrorFile.Name are both "application.log": they must differ
}

func ExampleSwitch() {
	var s logging.Switch // as by default
	fmt.Println(s)
	fmt.Println(s.UnmarshalText([]byte("off")), s)
	// Output:
	// default
	// <nil> false
}

func ExampleLevels() {
	cfg := onStdout(false)
	cfg.Levels = map[string]string{"app.db": "WARNING"}
	logs, err := logging.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	log := logs.Named("app.db.tx")
	log.Info("not shown")
	_ = logs.Levels().Set("app.db", zapcore.InfoLevel, 15*time.Minute) // then it is WARNING again
	log.Info("shown")
	// Output: app.db.tx - INFO - shown
}

func ExampleLevelState() {
	cfg := onStdout(false)
	cfg.Levels = map[string]string{"app.db": "WARNING"}
	logs, err := logging.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	_ = logs.Levels().Set("app.db", zapcore.DebugLevel, 0)
	for _, s := range logs.Levels().All() {
		fmt.Printf("%q %s, usually %s\n", s.Name, logging.LevelName(s.Level), logging.LevelName(s.Usual))
	}
	// Output:
	// "" INFO, usually INFO
	// "app.db" DEBUG, usually WARNING
}

func ExampleNamedLevel() {
	logs, err := logging.New(onStdout(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	level := logs.Levels().Named("app") // for what takes a *slog.LevelVar
	level.Set(slog.LevelError)
	fmt.Println(level.Level(), logs.Levels().Enabled("app.users", zapcore.WarnLevel))
	// Output: ERROR false
}

func ExampleRepeat() {
	cfg := onStdout(true)
	cfg.Repeat = logging.Repeat{First: 2, Interval: time.Minute}
	logs, err := logging.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 100 {
		logs.Named("app").Info("cache miss")
	}
	fmt.Println(logs.Close(context.Background()))
	// Output:
	// {"level":"INFO","logger":"app","message":"cache miss"}
	// {"level":"INFO","logger":"app","message":"cache miss"}
	// {"level":"INFO","logger":"app","message":"records suppressed","extra_data":{"suppressed":98,"repeated":"cache miss"}}
	// <nil>
}

func ExampleStats() {
	logs, err := logging.New(onStdout(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	logs.Logger().Info("one")
	logs.Logger().Warn("two")
	fmt.Printf("%+v\n", logs.Stats())
	// Output:
	// INFO - one
	// WARNING - two
	// {Debug:0 Info:1 Warning:1 Error:0 Critical:0 Failed:0 Suppressed:0}
}

// memory is a sink that keeps the messages.
type memory struct {
	mu       sync.Mutex
	messages []string
}

func (m *memory) Level() zapcore.Level       { return zapcore.WarnLevel }
func (m *memory) Sync(context.Context) error { return nil }

func (m *memory) Write(r *logging.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages = append(m.messages, r.Message)
	return nil
}

func ExampleSink() {
	cfg := onStdout(false)
	cfg.Console.Enabled = logging.Disable
	kept := new(memory)
	cfg.Sinks = []logging.Sink{kept}
	logs, err := logging.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	logs.Logger().Info("one")
	logs.Logger().Warn("two")
	fmt.Println(kept.messages)
	// Output: [two]
}

func ExampleCloser() {
	s := logging.Lines(os.Stdout, zapcore.InfoLevel, true)
	_, ok := s.(logging.Closer)
	fmt.Println(ok)
	// Output: true
}

func ExampleRecord() {
	r := logging.Record{Time: time.Unix(0, 0), Level: zapcore.WarnLevel, Logger: "app", Message: "two\nlines", Extra: []byte(`"n":1`)}
	fmt.Println(string(r.AppendJSON(nil)))
	fmt.Println(string(r.AppendText(nil)))
	// Output:
	// {"timestamp":"1970-01-01T00:00:00.000000Z","level":"WARNING","logger":"app","message":"two\nlines","extra_data":{"n":1}}
	// 1970-01-01T00:00:00.000000Z - app - WARNING - two\nlines {"n":1}
}
