package pglog

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/logging"
)

// Defaults of [Config]. A zero field takes the default of its name.
const (
	DefaultLevel           = "WARNING"
	DefaultQueueEntries    = 8192
	DefaultQueueBytes      = 32 << 20
	DefaultBatchRows       = 1000
	DefaultBatchBytes      = 4 << 20
	DefaultBatchInterval   = time.Second
	DefaultBlockTimeout    = 100 * time.Millisecond
	DefaultFlushTimeout    = 2 * time.Second
	DefaultSendTimeout     = 10 * time.Second
	DefaultRetryMax        = 10 * time.Second
	DefaultSpillBytes      = 1 << 30
	DefaultSegmentBytes    = 16 << 20
	DefaultFsyncInterval   = time.Second
	DefaultRetentionDays   = -1
	DefaultPartitionsAhead = 7
	DefaultMaintainEvery   = time.Hour
	DefaultMaintainTimeout = time.Minute
	DefaultLockTimeout     = 2 * time.Second
	DefaultReportEvery     = 10 * time.Second
)

// Config says where records go and what happens when they cannot. The zero value works: it means the defaults named at each
// field, a queue in memory, and no spill, which needs a directory.
type Config struct {
	// Enabled is for those who put sinks together: [New] and [Open] do not look at it.
	Enabled bool `env:"LOG_DB_ENABLED" default:"false" doc:"records are written to PostgreSQL"`
	// URL is a postgres:// URL, for [Open]. [New] does not look at it.
	URL Secret `env:"LOG_DB_URL" doc:"postgres:// URL of the database for logs"`
	// Table is "table" or "schema.table". It is quoted, so it may have any characters but a second dot, up to 36 bytes.
	// Defaults to application_logs.
	Table string `env:"LOG_DB_TABLE" default:"application_logs" doc:"table, or schema.table"`
	// Level is the lowest level that is stored, as [logging.ParseLevel] reads it. Defaults to WARNING.
	Level string `env:"LOG_DB_LEVEL" default:"WARNING" doc:"lowest level that is stored"`
	// Release is the version of the program, for records that do not say one.
	Release string `env:"LOG_DB_RELEASE" doc:"version of the program"`
	// Ignore are names of loggers whose records, and those of loggers below them, the sink does not take: what the host
	// logs about the sink's own work, which would go round in circles.
	Ignore []string `env:"LOG_DB_IGNORE" doc:"loggers whose records are not stored"`

	// QueueEntries and QueueBytes bound what waits in memory. They default to 8192 records and 32 MiB.
	QueueEntries int `env:"LOG_DB_QUEUE_ENTRIES" default:"8192" doc:"most records that wait in memory"`
	QueueBytes   int `env:"LOG_DB_QUEUE_BYTES" default:"32MiB" unit:"bytes" doc:"most bytes that wait in memory"`
	// BatchRows, BatchBytes and BatchInterval say when a batch is sent: so many rows or bytes wait, or the oldest waits for
	// so long. They default to 1000 rows, 4 MiB and 1 s.
	BatchRows     int           `env:"LOG_DB_BATCH_ROWS" default:"1000" doc:"rows of a batch"`
	BatchBytes    int           `env:"LOG_DB_BATCH_BYTES" default:"4MiB" unit:"bytes" doc:"bytes of a batch"`
	BatchInterval time.Duration `env:"LOG_DB_BATCH_INTERVAL" default:"1s" unit:"s" doc:"longest wait for a full batch"`

	// Policy is what happens when the queue is full. Defaults to [Spill], which is [Drop] without a SpillDir.
	Policy Policy `env:"LOG_DB_POLICY" default:"spill" check:"oneof=spill|drop|block" doc:"spill, drop or block when the queue is full"`
	// BlockTimeout is how long a caller waits for room under the policy [Block]. Defaults to 100 ms.
	BlockTimeout time.Duration `env:"LOG_DB_BLOCK_TIMEOUT" default:"100ms" unit:"s" doc:"longest wait of a caller under the policy block"`
	// FlushTimeout is how long a record above ERROR waits until it is safe, since the program may end after it. Defaults
	// to 2 s; -1 does not wait.
	FlushTimeout time.Duration `env:"LOG_DB_FLUSH_TIMEOUT" default:"2s" unit:"s" doc:"how long records above ERROR wait until they are safe; off does not wait"`

	// SendTimeout limits one attempt to store a batch: the connection, the transaction, and each of its statements.
	// Defaults to 10 s.
	SendTimeout time.Duration `env:"LOG_DB_SEND_TIMEOUT" default:"10s" unit:"s" doc:"limit of one attempt to store a batch"`
	// RetryMax is the longest pause between attempts, which begin 100 ms apart. Defaults to 10 s.
	RetryMax time.Duration `env:"LOG_DB_RETRY_MAX" default:"10s" unit:"s" doc:"longest pause between attempts"`

	// SpillDir is the directory for records that the database does not take at the moment. It is made if need be. Programs
	// may share it if they write to the same database; it must not be on a network file system. Empty means no spill: what
	// the queue cannot hold is dropped, lowest level first.
	SpillDir string `env:"LOG_DB_SPILL_DIR" doc:"directory for records that wait for the database"`
	// SpillBytes bounds the spill. When it fills, levels are refused from the lowest up: DEBUG at 60 %, INFO at 70 %,
	// WARNING at 80 %, ERROR at 90 %. Defaults to 1 GiB; -1 is no bound.
	SpillBytes int64 `env:"LOG_DB_SPILL_BYTES" default:"1GiB" unit:"bytes" doc:"most bytes that wait on disk"`
	// SegmentBytes is the size at which a file of the spill is finished. Defaults to 16 MiB.
	SegmentBytes int64 `env:"LOG_DB_SEGMENT_BYTES" default:"16MiB" unit:"bytes" doc:"size of a file of the spill"`
	// FsyncInterval says what a loss of power takes from the spill: what was written since the last fsync, at most so long
	// ago. Defaults to 1 s; 1 ns syncs after every write and loses nothing; -1 leaves it to the kernel (often 30 s), but for
	// files that are finished and for Sync. The end of the process alone, kill -9 included, never takes anything from the spill.
	FsyncInterval time.Duration `env:"LOG_DB_FSYNC_INTERVAL" default:"1s" unit:"s" doc:"how often the spill is synced to disk; 1ns is always, off is never"`
	// Durable writes every record to the spill before Write returns, and from there to the database. Then not even kill -9
	// loses a record, and with FsyncInterval 1 ns not even a loss of power. It needs SpillDir.
	Durable bool `env:"LOG_DB_DURABLE" default:"false" doc:"records go to disk before they are acknowledged"`
	// DeadLetter is the file for records that the database refuses, one line of JSON each. It is renamed to .1 at 64 MiB.
	// Defaults to dead.jsonl in SpillDir; without either they are only counted.
	DeadLetter string `env:"LOG_DB_DEAD_LETTER" doc:"file for records that the database refuses"`

	// KeepSchema leaves the schema to others: the sink neither makes tables and partitions nor removes old ones. It still has the
	// ledger forget what is older than 30 days.
	KeepSchema bool `env:"LOG_DB_KEEP_SCHEMA" default:"false" doc:"the sink does not make or maintain tables"`
	// RetentionDays is the age in days at which the upkeep removes rows, at least 1. Defaults to -1, which keeps them: nothing
	// is deleted unless somebody asked for it, least of all from a table that was there before.
	RetentionDays int `env:"LOG_DB_RETENTION_DAYS" default:"-1" doc:"age in days at which rows are removed; -1 keeps them"`
	// PartitionsAhead is for how many days after today there are partitions. Defaults to 7; -1 means none.
	PartitionsAhead int `env:"LOG_DB_PARTITIONS_AHEAD" default:"7" doc:"days for which partitions are made ahead"`
	// MaintainEvery is how often the sink looks after partitions and old rows, give or take a tenth. Defaults to 1 h; -1
	// means at the start only.
	MaintainEvery time.Duration `env:"LOG_DB_MAINTAIN_EVERY" default:"1h" unit:"s" doc:"how often partitions and old rows are looked after"`
	// MaintainTimeout limits each statement of that, and LockTimeout the wait for a lock. They default to 1 min and 2 s.
	MaintainTimeout time.Duration `env:"LOG_DB_MAINTAIN_TIMEOUT" default:"1m" unit:"s" doc:"limit of a statement of that"`
	LockTimeout     time.Duration `env:"LOG_DB_LOCK_TIMEOUT" default:"2s" unit:"s" doc:"longest wait for a lock for that"`

	// OnError is told what goes wrong: the same kind of trouble at most once in ReportEvery, and every ReportEvery the
	// number of records dropped since. Calls come one after the other, from a goroutine of the sink. It must not log
	// through the logs that the sink belongs to. Nil is for those who only look at [Sink.Stats].
	OnError func(err error) `json:"-"`
	// ReportEvery is described at OnError. Defaults to 10 s.
	ReportEvery time.Duration `env:"LOG_DB_REPORT_EVERY" default:"10s" unit:"s" doc:"how often the same trouble is reported"`
}

// withDefaults returns a copy whose zero fields have their defaults.
func (c Config) withDefaults() Config {
	c.Table = cmp.Or(c.Table, DefaultTableName)
	c.Level = cmp.Or(c.Level, DefaultLevel)
	c.QueueEntries = cmp.Or(c.QueueEntries, DefaultQueueEntries)
	c.QueueBytes = cmp.Or(c.QueueBytes, DefaultQueueBytes)
	c.BatchRows = cmp.Or(c.BatchRows, DefaultBatchRows)
	c.BatchBytes = cmp.Or(c.BatchBytes, DefaultBatchBytes)
	c.BatchInterval = cmp.Or(c.BatchInterval, DefaultBatchInterval)
	c.BlockTimeout = cmp.Or(c.BlockTimeout, DefaultBlockTimeout)
	c.FlushTimeout = cmp.Or(c.FlushTimeout, DefaultFlushTimeout)
	c.SendTimeout = cmp.Or(c.SendTimeout, DefaultSendTimeout)
	c.RetryMax = cmp.Or(c.RetryMax, DefaultRetryMax)
	c.SpillBytes = cmp.Or(c.SpillBytes, DefaultSpillBytes)
	c.SegmentBytes = cmp.Or(c.SegmentBytes, DefaultSegmentBytes)
	c.FsyncInterval = cmp.Or(c.FsyncInterval, DefaultFsyncInterval)
	c.RetentionDays = cmp.Or(c.RetentionDays, DefaultRetentionDays)
	c.PartitionsAhead = cmp.Or(c.PartitionsAhead, DefaultPartitionsAhead)
	c.MaintainEvery = cmp.Or(c.MaintainEvery, DefaultMaintainEvery)
	c.MaintainTimeout = cmp.Or(c.MaintainTimeout, DefaultMaintainTimeout)
	c.LockTimeout = cmp.Or(c.LockTimeout, DefaultLockTimeout)
	c.ReportEvery = cmp.Or(c.ReportEvery, DefaultReportEvery)
	return c
}

// Validate returns everything that is wrong, joined, each with the field, its value and the rule.
func (c Config) Validate() error {
	var all []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	c = c.withDefaults()
	if _, err := parseTable(c.Table); err != nil {
		add(true, "Table is %w", err)
	}
	if _, err := logging.ParseLevel(c.Level); err != nil {
		add(true, "Level is %q: must be DEBUG, INFO, WARNING, ERROR, CRITICAL or OFF", c.Level)
	}
	for _, n := range []struct {
		name         string
		value, least int64
		off          bool // -1 is allowed
	}{
		{"QueueEntries", int64(c.QueueEntries), 1, false},
		{"QueueBytes", int64(c.QueueBytes), 1, false},
		{"BatchRows", int64(c.BatchRows), 1, false},
		{"BatchBytes", int64(c.BatchBytes), 1, false},
		{"SpillBytes", c.SpillBytes, 1, true},
		{"SegmentBytes", c.SegmentBytes, 4096, false},
		{"RetentionDays", int64(c.RetentionDays), 1, true},
		{"PartitionsAhead", int64(c.PartitionsAhead), 1, true},
	} {
		add(n.value < n.least && (!n.off || n.value != -1), "%s is %d: must be at least %d%s", n.name, n.value, n.least, orOff(n.off))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		off   bool
	}{
		{"BatchInterval", c.BatchInterval, false},
		{"BlockTimeout", c.BlockTimeout, false},
		{"FlushTimeout", c.FlushTimeout, true},
		{"SendTimeout", c.SendTimeout, false},
		{"RetryMax", c.RetryMax, false},
		{"FsyncInterval", c.FsyncInterval, true},
		{"MaintainEvery", c.MaintainEvery, true},
		{"MaintainTimeout", c.MaintainTimeout, false},
		{"LockTimeout", c.LockTimeout, false},
		{"ReportEvery", c.ReportEvery, false},
	} {
		add(d.value < 0 && (!d.off || d.value != -1), "%s is %v: must be positive%s", d.name, d.value, orOff(d.off))
	}
	add(c.PartitionsAhead > 366, "PartitionsAhead is %d: must be at most 366", c.PartitionsAhead)
	add(c.Policy < Spill || c.Policy > Block, "Policy is %d: must be Spill, Drop or Block", c.Policy)
	add(c.Durable && c.SpillDir == "", "Durable is true: must have a SpillDir")
	return errors.Join(all...)
}

// checked returns the configuration with its defaults, and its table.
func (c Config) checked() (Config, table, error) {
	if err := c.Validate(); err != nil {
		return c, table{}, fmt.Errorf("logging/pglog: %w", err)
	}
	c = c.withDefaults()
	t, err := parseTable(c.Table)
	return c, t, err
}

func orOff(off bool) string {
	if off {
		return ", or -1"
	}
	return ""
}
