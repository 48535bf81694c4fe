package pgxmon

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// maxPrepared limits how many statements are known by the name under which they were prepared.
const maxPrepared = 200

// prepared is a statement that has a name.
type prepared struct {
	operation string
	sql       string // as normalize writes it
	hash      uint64
}

// names remembers a limited number of names. Finding one takes neither a lock nor memory.
type names[T any] struct {
	limit int
	known atomic.Pointer[map[string]T]
	mu    sync.Mutex // is held to add one
}

func (n *names[T]) find(name string) (T, bool) {
	if known := n.known.Load(); known != nil {
		v, ok := (*known)[name]
		return v, ok
	}
	var none T
	return none, false
}

// add remembers a name, or what it stands for now. value gets a copy of it. It is false when there are too many.
func (n *names[T]) add(name string, value func(name string) T) (v T, ok bool) {
	if n.isFull(name) {
		return v, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isFull(name) {
		return v, false
	}
	next := map[string]T{}
	if known := n.known.Load(); known != nil {
		next = maps.Clone(*known)
	}
	name = strings.Clone(name) // not the statement that it is a part of
	v = value(name)
	next[name] = v
	n.known.Store(&next)
	return v, true
}

// isFull says whether there is no place for a name.
func (n *names[T]) isFull(name string) bool {
	known := n.known.Load()
	if known == nil {
		return n.limit < 1
	}
	_, ok := (*known)[name]
	return !ok && len(*known) >= n.limit
}

// operation returns what a statement is measured by, and what it stands for when it is a name.
func (t *Tracer) operation(sql string) (string, *prepared) {
	if t.cfg.Names {
		if name := queryName(sql); name != "" {
			known, ok := t.names.find(name)
			if !ok {
				known, ok = t.names.add(name, func(name string) string { return name })
			}
			if ok {
				return known, nil
			}
		}
	}
	op := operationOf(sql)
	if op == opOther {
		if p, ok := t.statements.find(sql); ok {
			return p.operation, p
		}
	}
	return op, nil
}

// remember keeps what a name stands for that a query may consist of.
func (t *Tracer) remember(conn *pgx.Conn, name, sql string) {
	if name == "" || name == sql || len(name) > maxName || strings.HasPrefix(name, "stmtcache_") || operationOf(name) != opOther {
		return
	}
	op, _ := t.operation(sql)
	text, h := t.shape(conn, execution{sql: sql, operation: op}, nil)
	if p, ok := t.statements.find(name); ok && p.hash == h && p.operation == op {
		return
	}
	t.statements.add(name, func(string) *prepared {
		return &prepared{operation: op, sql: strings.Clone(shortened(text, maxText)), hash: h}
	})
}

// shape returns a statement without its data, and the hash of it. What the server did not understand has none, because
// there a value may look like a name.
func (t *Tracer) shape(conn *pgx.Conn, e execution, known *prepared) (sql string, h uint64) {
	if known != nil {
		return known.sql, known.hash
	}
	if e.class == "42" {
		sql = e.operation + marker
		return sql, hash(sql)
	}
	sql, ok := normalize(e.sql, isUnsure(conn, e.sql))
	switch {
	case sql == "":
		sql = e.operation
	case !ok && sql == strings.TrimSpace(marker):
		sql = e.operation + marker
	}
	return sql, hash(sql)
}

// isUnsure says whether it is unknown what a backslash meant to the server.
func isUnsure(conn *pgx.Conn, sql string) bool {
	const setting = "standard_conforming_strings"
	if conn != nil && conn.PgConn().ParameterStatus(setting) != "on" {
		return true
	}
	return strings.Contains(sql, "\\'") && strings.Contains(strings.ToLower(sql), setting)
}
