package pglog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prodwright/prodwright/logging"
)

const (
	maxDead   = 64 << 20
	deadFile  = "dead.jsonl"
	deadTries = 10 // attempts to write a record there, with the pauses of the sender between them, until it is given up
)

// deadLetters is the file of records that the database refuses. It belongs to one goroutine.
type deadLetters struct {
	path string // "" = none
	buf  []byte
}

func newDeadLetters(cfg Config) *deadLetters {
	path := cfg.DeadLetter
	if path == "" && cfg.SpillDir != "" {
		path = filepath.Join(cfg.SpillDir, deadFile)
	}
	return &deadLetters{path: path}
}

// add appends a record with the reason. The line is durable when it returns.
func (d *deadLetters) add(r *logging.Record, reason string) (err error) {
	if d.path == "" {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("logging/pglog: dead letters: %w", err)
		}
	}()
	if info, err := os.Stat(d.path); err == nil && info.Size() >= maxDead {
		if err := os.Rename(d.path, d.path+".1"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(d.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if errors.Is(err, os.ErrNotExist) { // nobody has made the directory, or somebody removed it
		if err = os.MkdirAll(filepath.Dir(d.path), 0o700); err == nil {
			f, err = os.OpenFile(d.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		}
	}
	if err != nil {
		return err
	}
	why, _ := json.Marshal(reason) // a text can always be written
	d.buf = append(d.buf[:0], `{"refused_at":"`...)
	d.buf = time.Now().UTC().AppendFormat(d.buf, time.RFC3339)
	d.buf = append(append(d.buf, `","reason":`...), why...)
	d.buf = append(d.buf, `,"record":`...)
	readable := *r
	if !json.Valid(append(append([]byte{'{'}, r.Extra...), '}')) { // the line must be JSON all the same
		readable.Extra = appendMember(nil, "extra_data_as_text", string(r.Extra))
	}
	d.buf = append(readable.AppendJSON(d.buf), '}', '\n')
	_, err = f.Write(d.buf)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// bury puts a record that the database refuses into the file of dead letters. What cannot be written there is counted as
// dropped in the end: others wait behind it.
func (s *Sink) bury(r *row, why error) error {
	if err := s.dead.add(&r.Record, reason(why)); err != nil {
		if s.unburied++; s.unburied < deadTries {
			return err
		}
		s.unburied = 0
		var lost [classes]int
		lost[classOf(r.Level)]++
		s.count.drop(deadLetter, &lost)
		s.report("unburied", fmt.Errorf("logging/pglog: a record that the database refuses (SQLSTATE %s) is lost: %w", sqlState(why), err))
		return nil
	}
	s.unburied = 0
	s.count.dead.Add(1)
	s.report("dead", fmt.Errorf("logging/pglog: the database refuses a record (SQLSTATE %s); see the file of dead letters", sqlState(why)))
	return nil
}
