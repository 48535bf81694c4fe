package pglog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// Sink stores records in PostgreSQL. Use [New] or [Open]. It is safe for concurrent use.
type Sink struct {
	cfg     Config
	level   zapcore.Level
	table   table
	pool    *pgxpool.Pool
	ownPool bool

	queue *queue
	spill *spill // nil without a directory
	count counters

	// The sender's alone, except that the keeper copies flight to the spill.
	store    *store
	reader   reader
	dead     *deadLetters
	buried   place         // of the last record of a file that became a dead letter
	unburied int           // attempts to make one of the present record
	limit    int           // rows of the next part of a file, less than a batch when one of them is refused
	steps    []int         // of those before that, when it is known which one
	prepared bool          // the schema was seen to
	counted  map[uuid]bool // batches that are on disk and were stored and counted all the same
	flightMu sync.Mutex
	flight   *batch // guarded by flightMu, except for its rows
	spare    *batch

	wanted   atomic.Uint64 // up to which record somebody waits for the database
	toDisk   atomic.Uint64 // up to which record somebody waits for the disk, because the database takes too long
	kick     [2]chan struct{}
	syncs    chan chan error
	troubles chan trouble

	singles  sync.Pool // of *[1]row, for writeThrough
	stop     context.CancelFunc
	running  sync.WaitGroup
	mute     context.CancelFunc
	telling  sync.WaitGroup // what calls OnError, which may take its time
	closing  atomic.Bool
	closed   chan struct{} // when Close has begun
	ended    chan struct{} // and when it has ended
	closeErr error         // after that
}

var (
	_ logging.Sink   = (*Sink)(nil)
	_ logging.Closer = (*Sink)(nil)
)

// New returns a sink that stores records through a pool of the host's, of which it uses one connection at a time, and for
// upkeep another one. It starts goroutines, which Close ends, and does not wait for the database. Errors are those of
// [Config.Validate] and of the spill's directory.
func New(pool *pgxpool.Pool, cfg Config) (*Sink, error) { return newSink(pool, false, cfg) }

// Open returns a sink with at most two connections of its own to cfg.URL. It does not wait for the database either: when
// that is down records wait for it.
func Open(ctx context.Context, cfg Config) (*Sink, error) {
	if cfg.URL.IsZero() {
		return nil, errors.New("logging/pglog: URL is empty: set LOG_DB_URL")
	}
	pc, err := pgxpool.ParseConfig(cfg.URL.Reveal())
	if err != nil {
		return nil, errors.New("logging/pglog: URL is not a valid postgres:// URL") // the cause may have parts of it
	}
	pc.MaxConns, pc.MinConns, pc.MinIdleConns = 2, 0, 0
	pc.ConnConfig.Tracer = nil
	pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	if pc.ConnConfig.ConnectTimeout == 0 || pc.ConnConfig.ConnectTimeout > DefaultSendTimeout/2 {
		pc.ConnConfig.ConnectTimeout = DefaultSendTimeout / 2
	}
	pc.ConnConfig.RuntimeParams["client_encoding"] = "UTF8"
	if pc.ConnConfig.RuntimeParams["application_name"] == "" {
		pc.ConnConfig.RuntimeParams["application_name"] = "pglog"
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), pc)
	if err != nil {
		return nil, fmt.Errorf("logging/pglog: open: %w", err)
	}
	s, err := newSink(pool, true, cfg)
	if err != nil {
		pool.Close()
	}
	return s, err
}

func newSink(pool *pgxpool.Pool, own bool, cfg Config) (*Sink, error) {
	cfg, t, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	if pool == nil {
		return nil, errors.New("logging/pglog: the pool is nil")
	}
	cfg.Ignore = append([]string(nil), cfg.Ignore...)
	level, err := logging.ParseLevel(cfg.Level)
	if err != nil {
		return nil, fmt.Errorf("logging/pglog: Level: %w", err)
	}
	s := &Sink{
		cfg: cfg, level: level, table: t, pool: pool, ownPool: own,
		queue: newQueue(cfg.QueueEntries, cfg.QueueBytes),
		store: &store{table: t, cfg: cfg, groups: newGroups()},
		dead:  newDeadLetters(cfg), limit: cfg.BatchRows, counted: map[uuid]bool{}, flight: &batch{}, spare: &batch{},
		kick:  [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)},
		syncs: make(chan chan error), troubles: make(chan trouble, 64), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	if cfg.SpillDir != "" {
		if s.spill, err = newSpill(cfg); err != nil {
			return nil, err
		}
	}
	s.store.report = s.report
	working, stop := context.WithCancel(mark(context.Background()))
	telling, mute := context.WithCancel(context.Background())
	s.stop, s.mute = stop, mute
	s.running.Go(func() { s.runSender(working) })
	s.running.Go(func() { s.runKeeper(working) })
	s.running.Go(func() { s.runUpkeep(working) })
	s.telling.Go(func() { s.runReports(telling) })
	return s, nil
}

// Level returns the lowest level that is stored.
func (s *Sink) Level() zapcore.Level { return s.level }

// wake lets a goroutine look at what there is to do.
func (s *Sink) wake(who int) {
	select {
	case s.kick[who] <- struct{}{}:
	default:
	}
}

// String returns the table, and never the URL.
func (s *Sink) String() string { return "pglog sink of " + strings.TrimSpace(s.cfg.Table) }
