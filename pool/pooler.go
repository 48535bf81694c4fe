package pool

import (
	"cmp"
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pooler says what stands between the pool and the server.
type Pooler string

// The values of [Pooler]. PoolerAuto compares the process id that the connection was told with the one the server
// reports: when they differ there is a pooler, and it is treated as PoolerTransaction, which is safe for every mode.
const (
	PoolerAuto        Pooler = ""
	PoolerNone        Pooler = "none"
	PoolerSession     Pooler = "session"     // one server connection for the life of ours
	PoolerTransaction Pooler = "transaction" // another server connection for every transaction
)

var poolerNames = [...]Pooler{PoolerAuto, PoolerNone, PoolerSession, PoolerTransaction}

// limitNames are the session limits in the order in which they are set.
var limitNames = [...]string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}

// adapt changes pc so that it works through a pooler of kind k: the session limits leave the startup packet, which
// poolers refuse them in, and are returned by name with the statements that set them instead, once per connection
// (session) or in front of every transaction (transaction).
//
// A pooler in transaction mode may give every statement another server connection: names of prepared statements do not
// survive, so statements are sent unnamed.
func adapt(pc *pgxpool.Config, k Pooler) (moved []string, setup string) {
	if k != PoolerSession && k != PoolerTransaction {
		return nil, ""
	}
	set := "set "
	if k == PoolerTransaction {
		set = "set local "
		if pc.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
			pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
		}
	}
	var sql []string
	for _, name := range limitNames {
		if value, ok := pc.ConnConfig.RuntimeParams[name]; ok {
			delete(pc.ConnConfig.RuntimeParams, name)
			moved = append(moved, name)
			sql = append(sql, set+name+" = '"+strings.ReplaceAll(value, "'", "''")+"'")
		}
	}
	return moved, strings.Join(sql, "; ")
}

// BeginTx starts a transaction. Behind a pooler in transaction mode the session limits are set in it, in the same round
// trip. Like pgx's, its ctx limits only the begin, and the transaction must be ended by Commit or Rollback. Errors of
// acquiring the connection are those of [Pool.Acquire].
func (p *Pool) BeginTx(ctx context.Context, opts pgx.TxOptions) (pgx.Tx, error) {
	if p.txSetup != "" {
		opts.BeginQuery = cmp.Or(opts.BeginQuery, beginSQL(opts)) + "\n; " + p.txSetup // the query may end in a comment
	}
	failures := p.connectFailures.Load()
	tx, err := p.raw.BeginTx(ctx, opts)
	return tx, p.explain(ctx, failures, err)
}

// Begin is [Pool.BeginTx] with default options.
func (p *Pool) Begin(ctx context.Context) (pgx.Tx, error) { return p.BeginTx(ctx, pgx.TxOptions{}) }

func beginSQL(opts pgx.TxOptions) string {
	sql := "begin"
	if opts.IsoLevel != "" {
		sql += " isolation level " + string(opts.IsoLevel)
	}
	if opts.AccessMode != "" {
		sql += " " + string(opts.AccessMode)
	}
	if opts.DeferrableMode != "" {
		sql += " " + string(opts.DeferrableMode)
	}
	return sql
}

// refusesStartupParameter reports whether err is a pooler's refusal of a parameter in the startup packet.
func refusesStartupParameter(err error) bool {
	pgErr, ok := asType[*pgconn.PgError](err)
	return ok && pgErr.Code == "08P01" && strings.Contains(pgErr.Message, "startup parameter")
}
