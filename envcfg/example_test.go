package envcfg_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prodwright/prodwright/envcfg"
)

// Config is what a small service needs.
type Config struct {
	Port    int           `env:"PORT" default:"8000" check:"port"`
	Timeout time.Duration `env:"TIMEOUT" default:"30s" default.testing:"2s"`
	Key     envcfg.Secret `env:"SECRET_KEY,required" check:"min=32" doc:"signs cookies"`
	Hosts   []string      `env:"ALLOWED_HOSTS,safe" default:"*"`
}

// environment stands for that of the process in these examples.
func environment(pairs ...string) envcfg.Options {
	return envcfg.Options{Environ: pairs, Files: []string{}}
}

func ExampleLoad() {
	cfg, err := envcfg.Load[Config](environment("PORT=9000", "SECRET_KEY=k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee", "ALLOWED_HOSTS=a.example, b.example"))
	fmt.Println(cfg, err)

	_, err = envcfg.Load[Config](environment("PROT=9000", "TIMEOUT=30"))
	fmt.Println(err)
	// Output:
	// {9000 30s [redacted] [a.example b.example]} <nil>
	// envcfg: 3 problems in the configuration (environment "development"):
	//   TIMEOUT     process environment: "30" has no unit: write it like 30s, 5m or 1h30m
	//   SECRET_KEY  required, but not set: signs cookies (or SECRET_KEY_FILE with the path of a file that holds it)
	//   PROT        process environment: is set but unknown: did you mean PORT?
}

func ExampleFill() {
	cfg := struct {
		Name    string        `env:"SERVICE_NAME"`
		Timeout time.Duration `env:"TIMEOUT"`
	}{Name: "api", Timeout: time.Minute} // defaults in code
	err := envcfg.Fill(&cfg, environment("TIMEOUT=5s"))
	fmt.Println(cfg, err)
	// Output: {api 5s} <nil>
}

func ExampleExplain() {
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, ".env")
	_ = os.WriteFile(file, []byte("# for this machine\nPORT=9000\nSECRET_KEY='k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee'\n"), 0o600)

	var cfg Config
	report, err := envcfg.Explain(&cfg, envcfg.Options{Environ: []string{"TIMEOUT=5s"}, Files: []string{file}})
	fmt.Print(err, "\n", strings.ReplaceAll(report.String(), dir+"/", ""))
	// Output:
	// <nil>
	// environment "development", files .env
	// NAME           VALUE       ORIGIN
	// PORT           9000        .env:2
	// TIMEOUT        5s          process environment
	// SECRET_KEY     [redacted]  .env:3
	// ALLOWED_HOSTS  *           default
}

func ExampleError() {
	_, err := envcfg.Load[Config](environment("PORT=http"))
	if e, ok := errors.AsType[*envcfg.Error](err); ok {
		for _, p := range e.Problems {
			fmt.Printf("%s %s (%s)\n", p.Kind, p.Name, p.Field)
		}
	}
	// Output:
	// invalid PORT (Port)
	// missing SECRET_KEY (Key)
}

func ExampleProblem() {
	o := environment("DB_POOL_MAX=7")
	o.OnWarning = func(p envcfg.Problem) { fmt.Println(p.Kind, "-", p.Reason, "-", p.Origin) }
	cfg, _ := envcfg.Load[struct {
		Size int `env:"DB_POOL_SIZE" deprecated:"DB_POOL_MAX"`
	}](o)
	fmt.Println(cfg.Size)
	// Output:
	// deprecated - DB_POOL_MAX is deprecated: rename it to DB_POOL_SIZE - process environment (DB_POOL_MAX)
	// 7
}

func ExampleOpen() {
	env, err := envcfg.Open(environment("PORT=9000", "APP_COLOR=blue", "APP_SIZE=3", "RETRIES=many"))
	if err != nil {
		fmt.Println(err)
		return
	}
	port := env.Require("PORT").Default("8000").Validate(envcfg.Check("port")).Int()
	retries := envcfg.Get(env, "RETRIES", 3)
	fmt.Println(port, retries, len(env.Prefix("APP_")))
	env.Require("SECRET_KEY")
	fmt.Println(env.Err())
	// Output:
	// 9000 3 2
	// envcfg: 2 problems in the configuration (environment "development"):
	//   SECRET_KEY  required, but not set
	//   RETRIES     process environment: "many" is not a whole number, like 20
}

func ExampleEnv() {
	env, _ := envcfg.Open(environment("ENVIRONMENT=production"))
	fmt.Println(env.Environment(), env.IsProduction(), env.IsDevelopment())
	fmt.Println(env.Optional("DB_POOL_SIZE").Int(), "from the profile")
	// Output:
	// production true false
	// 20 from the profile
}

func ExampleVar() {
	env, _ := envcfg.Open(environment("HOSTS=a, b", "WAIT=90s", "DEBUG=yes"))
	fmt.Println(env.Optional("HOSTS").List(), env.Optional("WAIT").Duration(), env.Optional("DEBUG").Bool())
	// Output: [a b] 1m30s true
}

func ExampleCheck() {
	port := envcfg.Check("port")
	fmt.Println(port("8080"), "-", port("80800"))
	// Output: <nil> - is no port: use a number from 1 to 65535
}

func ExampleSecret() {
	s := envcfg.NewSecret("hunter2")
	fmt.Printf("%v %q %#v %d\n", s, s, s, len(s.Reveal()))
	// Output: [redacted] [redacted] [redacted] 7
}

func ExampleBytes() {
	cfg, _ := envcfg.Load[struct {
		Upload envcfg.Bytes `env:"MAX_UPLOAD" default:"10MiB"`
		Log    int64        `env:"LOG_FILE_MAX_BYTES" unit:"bytes"`
	}](environment("LOG_FILE_MAX_BYTES=5MB"))
	fmt.Println(cfg.Upload, int64(cfg.Upload), cfg.Log)
	// Output: 10MiB 10485760 5000000
}

// Fahrenheit is a type without methods.
type Fahrenheit float64

func ExampleParser() {
	o := environment("TEMPERATURE=70F")
	o.Parsers = []envcfg.TypeParser{envcfg.Parser(func(text string) (Fahrenheit, error) {
		var f Fahrenheit
		_, err := fmt.Sscanf(text, "%fF", &f)
		return f, err
	})}
	cfg, err := envcfg.Load[struct {
		Temperature Fahrenheit `env:"TEMPERATURE"`
	}](o)
	fmt.Println(cfg.Temperature, err)
	// Output: 70 <nil>
}

func ExampleTypeParser() {
	parsers := []envcfg.TypeParser{
		envcfg.Parser(func(string) (Fahrenheit, error) { return 70, nil }),
		envcfg.Parser(func(text string) (os.FileMode, error) {
			n, err := strconv.ParseUint(text, 8, 32)
			return os.FileMode(n), err
		}),
	}
	o := environment("UMASK=0640")
	o.Parsers = parsers
	cfg, _ := envcfg.Load[struct {
		Mode os.FileMode `env:"UMASK"`
	}](o)
	fmt.Println(cfg.Mode)
	// Output: -rw-r-----
}

func ExampleOptions() {
	o := environment("APP_PORT=9000", "APP_COLOUR=blue")
	o.Strict = []string{"APP_"} // these belong to this program
	_, err := envcfg.Load[struct {
		Port int `env:"APP_PORT"`
	}](o)
	fmt.Println(err)
	// Output: envcfg: invalid configuration: APP_COLOUR: process environment: is set but unknown: nothing reads it; remove it
}

func ExampleReport() {
	report, _ := envcfg.Explain(&Config{}, environment("SECRET_KEY=k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee"))
	w := httptest.NewRecorder()
	report.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/config", nil)) // it is a Handler
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "k7Qm2ZrT9v"))
	// Output: 200 false
}

func ExampleSetting() {
	report, _ := envcfg.Explain(&Config{}, environment("ENVIRONMENT=testing"))
	s, _ := report.Setting("TIMEOUT")
	fmt.Println(s.Name, s.Value, s.Origin, s.Type)
	// Output: TIMEOUT 2s default time.Duration
}

func ExampleReport_Lint() {
	report, _ := envcfg.Explain(&envcfg.Production{}, environment(
		"ENVIRONMENT=production", "DATABASE_URL=postgres://app:app@localhost/app?sslmode=verify-full", "DEBUG=on",
		"SECRET_KEY=changeme-changeme-changeme-changeme", "JWT_SECRET=pR5tY8uI2oP4aS7dF1gH3jK6lZ9xC0vB",
		"ENCRYPTION_KEY=pR5tY8uI2oP4aS7dF1gH3jK6lZ9xC0vB", "ALLOWED_HOSTS=example.com", "REDIS_URL=rediss://cache:6379",
	))
	for _, f := range report.Lint() {
		fmt.Println(f.Severity, f.Name, "-", f.Reason)
	}
	// Output:
	// error DATABASE_URL - its password is an example, or the user's name
	// error DATABASE_URL - the database is on this machine
	// error SECRET_KEY - an example, or guessed at once
	// error ENCRYPTION_KEY - the same secret as JWT_SECRET
	// error DEBUG - switched on
}

func ExampleFinding() {
	f := envcfg.Finding{Severity: envcfg.SeverityError, Name: "DEBUG", Reason: "switched on", Remedy: "set it to false"}
	fmt.Println(f)
	// Output: error: DEBUG: switched on: set it to false
}

func ExampleProduction() {
	_, err := envcfg.Load[envcfg.Production](environment("ENVIRONMENT=production", "PORT=0"))
	e, _ := errors.AsType[*envcfg.Error](err)
	for _, p := range e.Problems {
		fmt.Println(p.Name, p.Kind)
	}
	// Output:
	// DATABASE_URL missing
	// SECRET_KEY missing
	// JWT_SECRET missing
	// ENCRYPTION_KEY missing
	// PORT invalid
}

func ExampleStandardProfiles() {
	profiles := envcfg.StandardProfiles()
	profiles["qa"] = map[string]string{"DB_POOL_SIZE": "3"} // another environment
	o := environment("ENVIRONMENT=qa")
	o.Profiles = profiles
	cfg, err := envcfg.Load[struct {
		Size int `env:"DB_POOL_SIZE"`
	}](o)
	fmt.Println(cfg.Size, err)
	// Output: 3 <nil>
}

func ExampleNewWatcher() {
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, ".env")
	_ = os.WriteFile(file, []byte("LIMIT=10"), 0o600)

	w, err := envcfg.NewWatcher[struct {
		Limit int `env:"LIMIT" check:"max=100"`
	}](envcfg.Options{Environ: []string{}, Files: []string{file}}, envcfg.WatchConfig{
		OnChange: func(changes []envcfg.Change) { fmt.Println(changes[0].Name, changes[0].Old, changes[0].New) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = os.WriteFile(file, []byte("LIMIT=20"), 0o600)
	_, _ = w.Reload() // or w.Run, which looks by itself
	_ = os.WriteFile(file, []byte("LIMIT=2000"), 0o600)
	_, err = w.Reload()
	fmt.Println(err != nil, w.Current().Limit)
	// Output:
	// LIMIT 10 20
	// true 20
}

func ExampleWatcher() {
	w, _ := envcfg.NewWatcher[Config](environment("SECRET_KEY=k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee"), envcfg.WatchConfig{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // at once, in this example
	fmt.Println(w.Run(ctx), w.Current().Port, w.Report().Environment)
	// Output: <nil> 8000 development
}

func ExampleWatchConfig() {
	c := envcfg.WatchConfig{Interval: 10 * time.Second, OnError: func(err error) { fmt.Println("still with the old one:", err) }}
	fmt.Println(c.Interval)
	// Output: 10s
}

func ExampleChange() {
	c := envcfg.Change{Name: "LIMIT", Old: "10", New: "20", Origin: envcfg.Origin{Layer: envcfg.FromFile, File: ".env", Line: 3}}
	fmt.Println(c.Name, c.Old, c.New, c.Origin)
	// Output: LIMIT 10 20 .env:3
}

func ExampleOrigin() {
	fmt.Println(envcfg.Origin{Layer: envcfg.FromProcess})
	fmt.Println(envcfg.Origin{Layer: envcfg.FromSecretFile, File: "/run/secrets/password", Name: "DB_PASSWORD_FILE"})
	// Output:
	// process environment
	// /run/secrets/password (DB_PASSWORD_FILE)
}

func ExampleLayer() {
	report, _ := envcfg.Explain(&Config{}, environment("PORT=1"))
	for _, s := range report.Settings {
		fmt.Println(s.Name, s.Origin.Layer == envcfg.FromProcess)
	}
	// Output:
	// PORT true
	// TIMEOUT false
	// SECRET_KEY false
	// ALLOWED_HOSTS false
}

func ExampleKind() {
	_, err := envcfg.Load[Config](environment("SECRET_KEY=short"))
	p, _ := errors.AsType[envcfg.Problem](err)
	fmt.Println(p.Kind == envcfg.Invalid, p.Reason)
	// Output: true must have at least 32 characters
}

func ExampleSeverity() {
	var cfg struct {
		Hosts string `env:"ALLOWED_HOSTS"`
	}
	report, _ := envcfg.Explain(&cfg, environment("ALLOWED_HOSTS=*"))
	fmt.Println(report.Lint()[0].Severity)
	// Output: warning
}

func ExampleParseDotenv() {
	entries, err := envcfg.ParseDotenv(`
export NAME="two words" # a comment
HASH='$2a$10$abc'
HELLO="hello ${NAME}"
`, envcfg.Portable, nil)
	for _, e := range entries {
		fmt.Printf("%d: %s=%s\n", e.Line, e.Name, e.Value.Reveal())
	}
	fmt.Println(err)
	// Output:
	// 2: NAME=two words
	// 3: HASH=$2a$10$abc
	// 4: HELLO=hello two words
	// <nil>
}

func ExampleSyntaxError() {
	_, err := envcfg.ParseDotenv("A=1\nTWO WORDS=2", envcfg.Portable, nil)
	e, _ := errors.AsType[*envcfg.SyntaxError](err)
	fmt.Println(e.Line, e.Column, e.Reason)
	// Output: 2 5 a name cannot contain a space: = is expected here
}

func ExampleDialect() {
	for _, d := range []envcfg.Dialect{envcfg.Portable, envcfg.Compose, envcfg.Node, envcfg.Python} {
		entries, _ := envcfg.ParseDotenv("A=b#c", d, nil)
		fmt.Print(entries[0].Value.Reveal(), " ")
	}
	// Output: b#c b#c b b#c
}

func ExampleEntry() {
	entries, _ := envcfg.ParseDotenv("PASSWORD=hunter2", envcfg.Portable, nil)
	fmt.Println(entries[0])
	// Output: {PASSWORD [redacted] 1}
}

func ExampleQuoteDotenv() {
	for _, v := range []string{"plain", "two words", "it's ${A}"} {
		fmt.Println("A=" + envcfg.QuoteDotenv(v))
	}
	// Output:
	// A=plain
	// A='two words'
	// A="it's \${A}"
}

func ExampleVariables() {
	variables, err := envcfg.Variables[Config]()
	for _, v := range variables {
		fmt.Println(v.Name, v.Type, v.Default, v.Defaults, v.Required, v.Secret)
	}
	fmt.Println(err)
	// Output:
	// PORT int 8000 map[] false false
	// TIMEOUT time.Duration 30s map[testing:2s] false false
	// SECRET_KEY envcfg.Secret  map[] true true
	// ALLOWED_HOSTS []string * map[] false false
	// <nil>
}

func ExampleVariable() {
	v := envcfg.Variable{Name: "PORT", Default: "8000", Doc: "where HTTP is served"}
	fmt.Println(v.Name, v.Default, v.Doc)
	// Output: PORT 8000 where HTTP is served
}
