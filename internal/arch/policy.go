package arch

import "slices"

// Policy is what the rules allow.
type Policy struct {
	// Module is the path of the root module.
	Module string
	// Packages are the top-level packages.
	Packages []string
	// Requirements are the modules that the root's go.mod may require directly, each with its reason.
	Requirements map[string]string
	// Modules are those that a package's build may contain. A package that is not listed has its parent's; the modules
	// named here may bring others of their own with them, so those are listed too.
	Modules map[string][]string
	// Parts are sub-packages that their parent is made of: it may import them, and they import nothing of the module but internal
	// packages.
	Parts []string
	// Inward are nested modules that may import the root's internal packages, because nobody imports them.
	Inward []string
	// Signals and Environment are the packages that may handle signals and read the environment.
	Signals, Environment []string
	// Goroutines are the packages that may start goroutines, each with who ends them.
	Goroutines map[string]string
	// MaxLines is the longest allowed file.
	MaxLines int
}

// Prodwright returns the policy of this repository.
func Prodwright() Policy {
	pgx := []string{ // and what it brings with it
		"github.com/jackc/pgx/v5", "github.com/jackc/puddle/v2", "github.com/jackc/pgpassfile",
		"github.com/jackc/pgservicefile", "golang.org/x/sync", "golang.org/x/text",
	}
	zap := []string{"go.uber.org/zap", "go.uber.org/multierr"}
	gopsutil := []string{
		"github.com/shirou/gopsutil/v4", "github.com/ebitengine/purego", "github.com/go-ole/go-ole",
		"github.com/lufia/plan9stats", "github.com/power-devops/perfstat", "github.com/tklauser/go-sysconf",
		"github.com/tklauser/numcpus", "github.com/yusufpapurcu/wmi", "golang.org/x/sys",
	}
	return Policy{
		Module: "github.com/prodwright/prodwright",
		Packages: []string{
			"pool", "security", "envcfg", "metrics", "alerting", "logging", "backup", "cluster", "breaker", "autoscale",
		},
		Requirements: map[string]string{
			"github.com/jackc/pgx/v5":       "the driver whose pools we hand out",
			"github.com/golang-jwt/jwt/v5":  "tokens",
			"github.com/sony/gobreaker/v2":  "the state machine of breaker",
			"go.uber.org/zap":               "the core of logging",
			"github.com/stretchr/testify":   "tests only",
			"go.uber.org/goleak":            "tests only",
			"github.com/klauspost/compress": "zstd for rotated logs and backups",
			"filippo.io/age":                "encryption of backups to a recipient",
			"github.com/shirou/gopsutil/v4": "CPU, memory, disk and network on every platform",
		},
		Modules: map[string][]string{
			"pool":                  pgx,
			"security":              {},
			"envcfg":                {},
			"metrics":               {},
			"metrics/health/checks": slices.Concat(pgx, gopsutil),
			"metrics/sysmon":        gopsutil,
			"metrics/pgxmon":        pgx,
			"alerting":              {},
			"logging":               zap,
			"logging/analysis":      zap,
			"logging/fingerprint":   {},
			"logging/rotate":        {},
			"logging/rotate/zstd":   {"github.com/klauspost/compress"},
			"logging/pglog":         slices.Concat(pgx, zap),
			"backup":                pgx,
			"cluster":               pgx,
			"breaker":               {"github.com/sony/gobreaker/v2"},
			"autoscale":             {},
			"internal":              pgx,
		},
		Parts:       []string{"logging/rotate", "logging/redact"},
		Inward:      []string{"examples", "internal/bench", "internal/interop", "internal/kubetest/apiserver"},
		Signals:     []string{"metrics/lifecycle"},
		Environment: []string{"envcfg", "internal"},
		Goroutines: map[string]string{
			"pool":                          "Close ends the maintenance; what outlives a Close that gave up ends with its last connection",
			"metrics":                       "a func of GaugeFunc that is asked; it ends when that returns",
			"metrics/admin":                 "the end of a log level's time sets the level and returns",
			"metrics/prom":                  "the question which names a registry has; it ends when that answers",
			"metrics/metricstest":           "TestCollector waits for them",
			"metrics/health":                "a check's runner ends with the check; Handler.Run ends its own",
			"metrics/lifecycle":             "Run ends them, except those of parts that did not stop in time, which it names",
			"logging":                       "Logs.Close ends them; the end of a level's time sets the level and returns",
			"logging/rotate":                "File.Close waits for the compression",
			"logging/pglog":                 "Sink.Close ends them",
			"cluster":                       "Cluster.Close ends them; what outlives a Close that gave up ends with the last connection",
			"cluster/clustertest":           "Selector waits for them",
			"cluster/failover":              "who starts them waits for them",
			"cluster/failover/failovertest": "Register waits for them",
			"internal/pgtest":               "they end with the server process that they wait for",
			"internal/kubetest":             "they end with the process that they wait for",
			"internal/faultproxy":           "Close ends them",
		},
		MaxLines: 500,
	}
}
