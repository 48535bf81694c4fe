package envcfg

// Production is the standard set of a service in production, ready to be loaded or embedded. What is not set has the
// value of the environment's profile before that of the tag: LOG_LEVEL is WARNING with ENVIRONMENT=production. The
// environment itself must be named: without that it would be development.
type Production struct {
	Environment   string   `env:"ENVIRONMENT,required,safe" doc:"development, testing, staging or production"`
	DatabaseURL   Secret   `env:"DATABASE_URL,required" check:"database" doc:"the primary database" example:"postgres://user:password@host:5432/name?sslmode=verify-full"`
	SecretKey     Secret   `env:"SECRET_KEY,required" check:"min=32" doc:"signs cookies and the like; 32 random characters or more"`
	JWTSecret     Secret   `env:"JWT_SECRET,required" check:"min=32" doc:"signs tokens; 32 random characters or more"`
	EncryptionKey Secret   `env:"ENCRYPTION_KEY,required" check:"min=32" doc:"encrypts fields; 32 random bytes in base64"`
	LogLevel      string   `env:"LOG_LEVEL" default:"INFO" check:"loglevel" doc:"the least severe level that is logged"`
	Debug         bool     `env:"DEBUG" default:"false" doc:"never in production"`
	Port          int      `env:"PORT" default:"8000" check:"port" doc:"where HTTP is served"`
	PoolSize      int      `env:"DB_POOL_SIZE" default:"20" check:"min=1" doc:"connections that are kept"`
	MaxOverflow   int      `env:"DB_MAX_OVERFLOW" default:"30" check:"min=-1" doc:"connections more under pressure"`
	RedisURL      Secret   `env:"REDIS_URL" default:"redis://localhost:6379" check:"url=redis|rediss" doc:"the cache"`
	AllowedHosts  []string `env:"ALLOWED_HOSTS,safe" default:"*" doc:"host names that requests may be for"`
}
