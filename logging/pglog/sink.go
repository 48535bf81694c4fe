package pglog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	limit    int           // rows of the next chunk of a file, less than a batch when one of them is refused
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
	closing  sync.Once
	closed   chan struct{} // when Close has begun
	closeErr error
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
		syncs: make(chan chan error), troubles: make(chan trouble, 64), closed: make(chan struct{}),
	}
	if cfg.SpillDir != "" {
		if s.spill, err = newSpill(cfg); err != nil {
			return nil, err
		}
	}
	s.store.report = s.report
	ctx, stop := context.WithCancel(mark(context.Background()))
	s.stop = stop
	s.running.Go(func() { s.runSender(ctx) })
	s.running.Go(func() { s.runKeeper(ctx) })
	s.running.Go(func() { s.runUpkeep(ctx) })
	s.running.Go(func() { s.runReports(ctx) })
	return s, nil
}

// Level returns the lowest level that is stored.
func (s *Sink) Level() zapcore.Level { return s.level }

// Write takes a record. What a nil error means is said in the package documentation; otherwise it is [ErrFull] or
// [ErrClosed] and the record was counted as dropped.
//
// It does not wait, except for a record above ERROR, up to FlushTimeout, under the policy [Block], and for the disk with
// Durable.
func (s *Sink) Write(r *logging.Record) error {
	if r.Level < s.level || len(s.cfg.Ignore) > 0 && s.ignored(r.Logger) {
		return nil
	}
	if s.cfg.Durable && s.writeThrough(r) {
		return nil
	}
	p := s.put(r)
	if p.seq == 0 {
		lost := [classes]int{}
		lost[classOf(r.Level)]++
		if p.closed {
			s.count.drop(closedSink, &lost)
			return ErrClosed
		}
		s.count.drop(queueFull, &lost)
		s.wake(sender)
		return ErrFull
	}
	s.count.accepted.Add(1)
	if p.rows == 1 || p.rows%s.cfg.BatchRows == 0 || p.bytes >= s.cfg.BatchBytes {
		s.wake(sender)
	}
	if s.spill != nil && s.crowded(p.rows, p.bytes) {
		s.wake(keeper)
	}
	if r.Level > zapcore.ErrorLevel && s.cfg.FlushTimeout > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.FlushTimeout)
		defer cancel()
		s.report("flush", s.syncTo(ctx, p.seq))
	}
	return nil
}

// put puts a record into the queue as the policy says.
func (s *Sink) put(r *logging.Record) placed {
	var lost [classes]int
	p := placed{}
	if s.cfg.Policy == Block {
		p = s.putWaiting(r)
	}
	if p.seq == 0 && !p.closed {
		p = s.queue.put(r, true, &lost)
		s.count.drop(queueFull, &lost)
	}
	return p
}

// putWaiting waits for room.
func (s *Sink) putWaiting(r *logging.Record) placed {
	var limit <-chan time.Time
	for {
		room, _ := s.queue.change()
		p := s.queue.put(r, false, nil)
		if p.seq > 0 || p.closed {
			return p
		}
		s.wake(sender)
		if limit == nil {
			timer := time.NewTimer(s.cfg.BlockTimeout)
			defer timer.Stop()
			limit = timer.C
		}
		select {
		case <-room:
		case <-limit:
			return placed{}
		}
	}
}

// writeThrough writes a record to disk, or returns false if that is not possible.
func (s *Sink) writeThrough(r *logging.Record) bool {
	select {
	case <-s.closed:
		return false // the queue will say so
	default:
	}
	one, _ := s.singles.Get().(*[1]row)
	if one == nil {
		one = new([1]row)
	}
	defer s.singles.Put(one)
	one[0].set(r)
	defer one[0].clear()
	refused, err := s.spill.append(one[:], nil)
	if err != nil || refused != [classes]int{} {
		s.report("spill", err)
		return false
	}
	s.count.accepted.Add(1)
	s.count.spilled.Add(1)
	if s.cfg.FsyncInterval == 1 || r.Level > zapcore.ErrorLevel && s.cfg.FsyncInterval > 0 {
		s.report("spill", s.spill.sync(0))
	}
	s.wake(sender)
	if s.cfg.FsyncInterval > 1 {
		s.wake(keeper)
	}
	return true
}

// crowded reports whether so much waits in memory that some of it should go to disk.
func (s *Sink) crowded(rows, bytes int) bool {
	return rows >= max(s.cfg.QueueEntries/4*3, 1) || bytes >= s.cfg.QueueBytes/4*3
}

// wake lets a goroutine look at what there is to do.
func (s *Sink) wake(who int) {
	select {
	case s.kick[who] <- struct{}{}:
	default:
	}
}

// String returns the table, and never the URL.
func (s *Sink) String() string { return "pglog sink of " + strings.TrimSpace(s.cfg.Table) }
