package pool

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Defaults of [Config]. A zero field takes the default of its name.
const (
	DefaultHost              = "localhost"
	DefaultPort              = 5432
	DefaultDatabase          = "production_db"
	DefaultUser              = "app_user"
	DefaultSSLMode           = "require"
	DefaultSize              = 20
	DefaultMaxOverflow       = 30
	DefaultMinConns          = 2
	DefaultAcquireTimeout    = 30 * time.Second
	DefaultRecycle           = time.Hour
	DefaultIdleTimeout       = 10 * time.Minute
	DefaultPingAfter         = time.Second
	DefaultPingTimeout       = time.Second
	DefaultConnectTimeout    = 10 * time.Second
	DefaultStartTimeout      = 30 * time.Second
	DefaultStatementTimeout  = 60 * time.Second
	DefaultLockTimeout       = 30 * time.Second
	DefaultIdleInTxTimeout   = 300 * time.Second
	DefaultTCPUserTimeout    = 30 * time.Second
	DefaultTimeZone          = "UTC"
	DefaultLeakSampleEvery   = 16
	DefaultReferenceAppName  = "SQLModel_App"
	defaultRecycleJitterPart = 10 // one tenth of Recycle
)

// Config says which database to connect to and how. The zero value is usable: it means the defaults named at each
// field. A duration of 0 means the default and -1 means none, where that is possible. The env and default tags are read
// by package envcfg, or by hand; this package never reads the environment itself. Durations tagged unit:"s" are whole
// seconds when the environment gives a bare number.
type Config struct {
	// URL is a postgres:// or postgresql:// URL. When it is set, Host, Port, Database and User are not used, and Password,
	// the SSL fields, ConnectTimeout and the session's settings fill in only what the URL leaves out. What neither says is
	// taken from libpq's PG* variables and service file, as pgx does, and only then from the defaults. Several hosts may be
	// separated by commas. Parameters of pgxpool (pool_max_conns and so on) are refused: they have fields here.
	URL Secret `env:"DATABASE_URL" doc:"postgres:// URL instead of the separate settings"`

	// Host is a name, an IP address, a directory that holds a unix socket, or several of these separated by commas.
	// A host may carry its own port ("db2:5433", "[::1]:5433").
	Host string `env:"DB_HOST,safe" default:"localhost" doc:"host names or addresses, or the directory of a unix socket"`
	// Port is used for every host that does not carry its own. Defaults to 5432.
	Port int `env:"DB_PORT" default:"5432" doc:"of hosts without one of their own"`
	// Database and User may contain any character. They default to "production_db" and "app_user".
	Database string `env:"DB_NAME,safe" default:"production_db" doc:"database"`
	User     string `env:"DB_USER,safe" default:"app_user" doc:"role"`
	// Password may contain any character. When it is empty and PasswordFunc is nil, PGPASSWORD and the usual password file
	// are consulted.
	Password Secret `env:"DB_PASSWORD" doc:"password of the role"`
	// PasswordFunc, when set, is asked before every new connection instead of using Password: a rotated credential is
	// used by the next connection without a restart ([Pool.Evict] makes that soon). It may be called concurrently and
	// must honour ctx, which ends after ConnectTimeout. Its error is reported as it is, so it must not contain the secret.
	PasswordFunc func(ctx context.Context) (Secret, error) `json:"-"`

	// SSLMode is libpq's sslmode. Defaults to "require", which encrypts but does not verify the server: use
	// "verify-full" with SSLRootCert in production, or [New] warns. PGSSLMODE or a service file may state another default
	// than "require", except "prefer", which counts as saying nothing; "require" never weakens what they ask for.
	SSLMode string `env:"DB_SSL_MODE,safe" default:"require" doc:"disable, allow, prefer, require, verify-ca or verify-full"`
	// SSLRootCert, SSLCert and SSLKey are paths of PEM files: the authority that signed the server's certificate, and
	// the client's own certificate and key.
	SSLRootCert string `env:"DB_SSL_ROOT_CERT,safe" doc:"path of the authority that signed the server certificate"`
	SSLCert     string `env:"DB_SSL_CERT,safe" doc:"path of the client certificate"`
	SSLKey      string `env:"DB_SSL_KEY,safe" doc:"path of its key"`

	// Size is how many connections may stay open while nobody uses them, until IdleTimeout. Defaults to 20.
	Size int `env:"DB_POOL_SIZE" default:"20" doc:"connections that are kept"`
	// MaxOverflow is how many more may be open under pressure. Defaults to 30; -1 means none. The hard limit is
	// Size+MaxOverflow.
	MaxOverflow int `env:"DB_MAX_OVERFLOW" default:"30" doc:"connections more under pressure; -1 means none"`
	// MinConns are opened at start and kept warm. Defaults to 2, at most Size; -1 means none.
	MinConns int `env:"DB_POOL_MIN" default:"2" doc:"connections that are kept warm; -1 means none"`
	// AcquireTimeout limits the wait for a connection, but not what is done with it. Defaults to 30 s; -1 leaves it to
	// the caller's context.
	AcquireTimeout time.Duration `env:"DB_POOL_TIMEOUT" default:"30s" unit:"s" doc:"longest wait for a connection; off leaves it to the caller"`
	// Recycle is the age at which a connection is replaced, up to a tenth later so that not all are replaced together.
	// Defaults to 1 h; -1 means never.
	Recycle time.Duration `env:"DB_POOL_RECYCLE" default:"1h" unit:"s" doc:"age at which a connection is replaced"`
	// IdleTimeout closes connections above MinConns that nobody used for so long, to the precision of a second. Defaults
	// to 10 min; -1 means never.
	IdleTimeout time.Duration `env:"DB_POOL_IDLE_TIMEOUT" default:"10m" unit:"s" doc:"after which idle connections above the minimum are closed"`
	// PingAfter is the idle time after which a connection is tested before it is handed out; busier connections pay
	// nothing. Defaults to 1 s; -1 means never, 1 ns always.
	PingAfter time.Duration `env:"DB_POOL_PING_AFTER" default:"1s" doc:"idle time after which a connection is tested"`
	// PingTimeout limits that test. When it passes, the server is taken to hang and all idle connections are replaced.
	// Defaults to 1 s.
	PingTimeout time.Duration `env:"DB_POOL_PING_TIMEOUT" default:"1s" doc:"limit of that test"`

	// ConnectTimeout limits one attempt to connect to one host. Defaults to 10 s; there is no way to wait for ever,
	// so connect_timeout=0 in the URL says nothing.
	ConnectTimeout time.Duration `env:"DB_CONNECT_TIMEOUT" default:"10s" unit:"s" doc:"limit of one attempt to connect"`
	// StartTimeout limits how long [New] goes on trying to reach the server. Defaults to 30 s; -1 means one attempt, whose
	// parts (hooks, connecting to each host, a query) have ConnectTimeout each.
	StartTimeout time.Duration `env:"DB_START_TIMEOUT" default:"30s" unit:"s" doc:"how long the start tries to reach the server"`
	// StatementTimeout, LockTimeout and IdleInTxTimeout become the session's statement_timeout, lock_timeout and
	// idle_in_transaction_session_timeout. They default to 60 s, 30 s and 300 s; -1 leaves the server's own setting.
	StatementTimeout time.Duration `env:"DB_STATEMENT_TIMEOUT" default:"60s" unit:"s" doc:"statement_timeout"`
	LockTimeout      time.Duration `env:"DB_LOCK_TIMEOUT" default:"30s" unit:"s" doc:"lock_timeout"`
	IdleInTxTimeout  time.Duration `env:"DB_IDLE_IN_TX_TIMEOUT" default:"300s" unit:"s" doc:"idle_in_transaction_session_timeout"`
	// TCPUserTimeout is how long sent data may stay unacknowledged before the kernel gives the connection up (Linux
	// only; elsewhere keep-alive probes alone find a dead peer). Defaults to 30 s; -1 leaves the system's setting.
	TCPUserTimeout time.Duration `env:"DB_TCP_USER_TIMEOUT" default:"30s" unit:"s" doc:"how long sent data may stay unacknowledged"`

	// AppName is the application_name shown by pg_stat_activity. Defaults to the name of the running program.
	AppName string `env:"APP_NAME,safe" doc:"application_name"`
	// TimeZone is the session's time zone. Defaults to "UTC".
	TimeZone string `env:"DB_TIMEZONE,safe" default:"UTC" doc:"time zone of the session"`
	// Environment "production" makes [New] warn about settings that are unsafe there.
	Environment string `env:"ENVIRONMENT,safe" doc:"production warns about settings that are unsafe there"`
	// Pooler says what stands between this pool and the server. The zero value, [PoolerAuto], finds out.
	Pooler Pooler `env:"DB_POOLER,safe" doc:"none, session or transaction; empty finds out"`

	// LeakThreshold reports a connection that is held longer, with the stack that acquired it, up to two seconds late.
	// Defaults to 0: off.
	LeakThreshold time.Duration `env:"DB_POOL_LEAK_THRESHOLD" unit:"s" doc:"a connection held longer is reported; 0 means never"`
	// LeakSampleEvery records the acquiring stack of every n-th checkout of a connection, so that leak detection stays
	// cheap. Once a leak without a recorded stack is found, all stacks are recorded for ten minutes. Defaults to 16.
	LeakSampleEvery int `env:"DB_POOL_LEAK_SAMPLE_EVERY" default:"16" doc:"every how many checkouts the stack is recorded"`
	// OnLeak is called once for each checkout that outlasts LeakThreshold, besides the log line, on a goroutine of the
	// pool, one at a time. While it blocks no other leak is reported and [Pool.Close] waits. A panic in it is logged.
	OnLeak func(Holder) `json:"-"`

	// OnCheckout and OnCheckin are called for every checkout and return of a connection, also through the raw pool.
	// They must not keep conn, run SQL on it, or block. A panic in them is logged.
	OnCheckout func(ctx context.Context, conn *pgx.Conn) `json:"-"`
	OnCheckin  func(conn *pgx.Conn)                      `json:"-"`

	// Echo logs each statement, without arguments, and EchoPool each checkout and return, both at debug level.
	Echo     bool `env:"DB_ECHO" doc:"log every statement at debug level"`
	EchoPool bool `env:"DB_ECHO_POOL" doc:"log every checkout at debug level"`

	// Tracers see every connect, acquire, query, batch, copy and release. pgx has one tracer slot: they are combined.
	Tracers []pgx.QueryTracer `json:"-"`
	// Configure, when set, changes the pgxpool configuration before the pool is made. Hooks that it installs are kept
	// and called besides the pool's own. BeforeConnect and AfterConnect must honour their ctx, which ends after
	// ConnectTimeout.
	Configure func(*pgxpool.Config) error `json:"-"`
	// Logger receives warnings and reports. Defaults to slog.Default; [Pool.Warnings] keeps those of the start.
	Logger *slog.Logger `json:"-"`
}

// ReferenceConfig returns the settings of the reference system that this package follows: Size 20, MaxOverflow 30, a
// test of the connection at every checkout, application name "SQLModel_App". Use it to move a service over without
// changing its behaviour; the zero Config is faster and does the same job.
func ReferenceConfig() Config {
	return Config{
		Host: DefaultHost, Port: DefaultPort, Database: DefaultDatabase, User: DefaultUser, SSLMode: DefaultSSLMode,
		Size: DefaultSize, MaxOverflow: DefaultMaxOverflow, MinConns: -1,
		AcquireTimeout: DefaultAcquireTimeout, Recycle: DefaultRecycle, PingAfter: 1,
		AppName: DefaultReferenceAppName, TimeZone: DefaultTimeZone,
	}
}

// MaxConns returns the hard limit of open connections, Size plus MaxOverflow, with defaults applied.
func (c Config) MaxConns() int {
	c = c.withDefaults()
	return c.Size + max(c.MaxOverflow, 0)
}

func (c Config) withDefaults() Config {
	if c.URL.IsZero() {
		c.Host = cmp.Or(c.Host, DefaultHost)
		c.Port = cmp.Or(c.Port, DefaultPort)
		c.Database = cmp.Or(c.Database, DefaultDatabase)
		c.User = cmp.Or(c.User, DefaultUser)
	}
	c.Size = cmp.Or(c.Size, DefaultSize)
	c.MaxOverflow = cmp.Or(c.MaxOverflow, DefaultMaxOverflow)
	c.MinConns = cmp.Or(c.MinConns, min(DefaultMinConns, c.Size))
	c.AcquireTimeout = cmp.Or(c.AcquireTimeout, DefaultAcquireTimeout)
	c.Recycle = cmp.Or(c.Recycle, DefaultRecycle)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, DefaultIdleTimeout)
	c.PingAfter = cmp.Or(c.PingAfter, DefaultPingAfter)
	c.PingTimeout = cmp.Or(c.PingTimeout, DefaultPingTimeout)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, DefaultConnectTimeout)
	c.StartTimeout = cmp.Or(c.StartTimeout, DefaultStartTimeout)
	c.StatementTimeout = cmp.Or(c.StatementTimeout, DefaultStatementTimeout)
	c.LockTimeout = cmp.Or(c.LockTimeout, DefaultLockTimeout)
	c.IdleInTxTimeout = cmp.Or(c.IdleInTxTimeout, DefaultIdleInTxTimeout)
	c.TCPUserTimeout = cmp.Or(c.TCPUserTimeout, DefaultTCPUserTimeout)
	c.AppName = cmp.Or(c.AppName, filepath.Base(os.Args[0]))
	c.TimeZone = cmp.Or(c.TimeZone, DefaultTimeZone)
	c.LeakSampleEvery = cmp.Or(c.LeakSampleEvery, DefaultLeakSampleEvery)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}
