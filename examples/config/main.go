// Config shows how a service reads its configuration: a good one, a broken one with a dozen mistakes, what is wrong with
// it for production, and a reload. It writes its .env files into a folder of its own and ends.
//
//	go run ./examples/config                 # the tour
//	go run ./examples/config -print-config   # the report of this process's own environment
//	go run ./examples/config -check          # is the documented configuration still that of the struct? for CI
//	go run ./examples/config -write          # write it again
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/envcfg/envdoc"
	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/pool"
)

// Settings are those of an imaginary service. The pool's own settings are read as they are.
type Settings struct {
	Environment string        `env:"ENVIRONMENT,safe" doc:"development, testing, staging or production"`
	Database    pool.Config   // DATABASE_URL or DB_HOST, DB_PORT, …
	Port        int           `env:"PORT" default:"8000" check:"port" doc:"where HTTP is served"`
	Timeout     time.Duration `env:"REQUEST_TIMEOUT" default:"10s" default.testing:"1s" check:"min=1ms" doc:"limit of a request"`
	Upload      envcfg.Bytes  `env:"MAX_UPLOAD" default:"10MiB" check:"max=1GiB" doc:"largest accepted body"`
	Hosts       []string      `env:"ALLOWED_HOSTS,safe" default:"*" doc:"names that requests may be for"`
	Mode        string        `env:"CACHE_MODE" default:"memory" check:"oneof=off|memory|redis" doc:"where results are cached"`
	SecretKey   envcfg.Secret `env:"SECRET_KEY,required" check:"min=32" doc:"signs cookies" example:"openssl rand -base64 32"`
}

func main() {
	printConfig := flag.Bool("print-config", false, "print the configuration of this process, without secrets, and end")
	check := flag.Bool("check", false, "say whether the documentation of the configuration is stale, and end")
	write := flag.Bool("write", false, "write it again, and end")
	dir := flag.String("docs", "examples/config", "folder of the documentation")
	demo.Main(func(_ context.Context, v *demo.Verdict) error {
		files := envdoc.Files{Template: filepath.Join(*dir, ".env.example"), Markdown: filepath.Join(*dir, "CONFIGURATION.md")}
		switch {
		case *printConfig:
			report, err := envcfg.Explain(&Settings{}, envcfg.Options{})
			fmt.Fprint(os.Stderr, report)
			v.Claimf(err == nil, "the configuration is right (%d problems)", len(report.Problems))
			return nil
		case *check:
			v.Claimf(true, "the documentation of the configuration was compared with the struct")
			return envdoc.Check[Settings](files)
		case *write:
			v.Claimf(true, "the documentation of the configuration was written")
			return envdoc.Write[Settings](files)
		}
		return tour(v)
	})
}

// tour shows the whole of it on files of its own.
func tour(v *demo.Verdict) error {
	dir, err := os.MkdirTemp("", "config")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, ".env")
	o := envcfg.Options{Environ: []string{"ENVIRONMENT=staging", "DB_HOST=db.internal"}, Files: []string{file}}

	good := "PORT=9000\nREQUEST_TIMEOUT=5s\nSECRET_KEY='k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee'\nDB_PASSWORD='it$ not ${expanded}'\n" //nolint:gosec // examples
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		return err
	}
	var s Settings
	report, err := envcfg.Explain(&s, o)
	fmt.Fprint(os.Stderr, "\n--- a good configuration\n", report)
	v.Claimf(err == nil && s.Port == 9000 && s.Database.Host == "db.internal" && s.Database.Size == 10 && s.Database.Password.Reveal() == "it$ not ${expanded}",
		"a good configuration is read: the file's PORT, the process's DB_HOST, the profile's DB_POOL_SIZE")

	fmt.Fprintln(os.Stderr, "\n--- what production would say to it")
	findings := report.Lint()
	for _, f := range findings {
		fmt.Fprintln(os.Stderr, f)
	}
	v.Claimf(len(findings) > 0, "the check for production finds something")
	v.Figure("findings", len(findings))

	broken := "PORT=80800\nREQUEST_TIMEOUT=30\nMAX_UPLOAD=10 apples\nCACHE_MODE=memroy\nSECRET_KEY=hunter2\nDB_POOL_SIZE=many\n" +
		"DB_POOL_TIMEOT=5s\nMY KEY=hunter2\nDB_PORT=0x1F90\nDB_LEAK='never closed\n"
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		return err
	}
	_, err = envcfg.Load[Settings](o)
	fmt.Fprintf(os.Stderr, "\n--- a broken one\n%v\n", err)
	problems, _ := errors.AsType[*envcfg.Error](err)
	v.Claimf(problems != nil && len(problems.Problems) >= 9, "all mistakes are reported at once")
	v.Claimf(err != nil && !strings.Contains(err.Error(), "hunter2"), "no secret is in the report")
	if problems != nil {
		v.Figure("problems", len(problems.Problems))
	}
	return reload(v, o, file, good)
}

// reload changes the file of a running service, once well and once badly.
func reload(v *demo.Verdict, o envcfg.Options, file, good string) error {
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		return err
	}
	w, err := envcfg.NewWatcher[Settings](o, envcfg.WatchConfig{OnChange: func(changes []envcfg.Change) {
		for _, c := range changes {
			fmt.Fprintf(os.Stderr, "\n--- reload: %s is now %s (was %s), from %s\n", c.Name, c.New, c.Old, c.Origin)
		}
	}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(strings.Replace(good, "5s", "7s", 1)), 0o600); err != nil {
		return err
	}
	_, err = w.Reload() // a service calls w.Run, which looks by itself
	v.Claimf(err == nil && w.Current().Timeout == 7*time.Second, "a changed file is put in force")
	if err := os.WriteFile(file, []byte("PORT=x"), 0o600); err != nil {
		return err
	}
	_, err = w.Reload()
	v.Claimf(err != nil && w.Current().Timeout == 7*time.Second, "an invalid one is not")
	return nil
}
