package envcfg

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// diff returns what differs in next, by the values themselves, also of fields that share a variable.
func (r *Report) diff(next *Report) []Change {
	var changes []Change
	add := func(c Change) {
		if !slices.ContainsFunc(changes, func(o Change) bool { return o.Name == c.Name }) {
			changes = append(changes, c)
		}
	}
	for i, s := range next.fields { // they are those of the same struct
		old := &r.fields[i]
		if old.text.Reveal() == s.text.Reveal() && old.makes == s.makes {
			continue
		}
		c := Change{Name: s.Name, Old: old.Value, New: s.Value, Origin: s.Origin}
		if next.hide != nil {
			c.Old = next.hide(c.Old) // what it was may be a secret now
		}
		add(c)
	}
	if r.Environment != next.Environment { // also when no field is named so
		add(Change{Name: EnvironmentName, Old: r.Environment, New: next.Environment, Origin: next.environmentAt})
	}
	return changes
}

// lost returns an error when a file is missing that was read before: it may be about to be replaced, and without it a
// service would run with other values than its own.
func (r *Report) lost(before *Report) error {
	var gone []Problem
	for _, path := range r.missing {
		if slices.Contains(before.Files, path) {
			gone = append(gone, Problem{Kind: Unreadable, Origin: Origin{Layer: FromFile, File: path}, Reason: "was read before and is missing now"})
		}
	}
	for i := range before.fields { // they are those of the same struct
		was, is := before.fields[i].Origin, r.fields[i].Origin
		if was.Layer == FromSecretFile && was.Name == "" && was != is && was.isMissing() { // NAME_FILE has its own error
			gone = append(gone, Problem{Kind: Unreadable, Name: before.fields[i].Name, Origin: was, Reason: "was read before and is missing now"})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	r.Problems = append(r.Problems, gone...)
	return &Error{Environment: r.Environment, Problems: gone}
}

func (o Origin) isMissing() bool {
	_, err := os.Stat(o.File)
	return errors.Is(err, fs.ErrNotExist)
}
