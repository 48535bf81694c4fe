package envcfg

import "slices"

// diff returns what differs in next, by the values themselves, also of fields that share a variable.
func (r *Report) diff(next *Report) []Change {
	var changes []Change
	add := func(c Change) {
		if !slices.ContainsFunc(changes, func(o Change) bool { return o.Name == c.Name }) {
			changes = append(changes, c)
		}
	}
	for i, s := range next.fields { // they are those of the same struct
		if old := &r.fields[i]; old.text.Reveal() != s.text.Reveal() {
			add(Change{Name: s.Name, Old: old.Value, New: s.Value, Origin: s.Origin})
		}
	}
	if r.Environment != next.Environment { // also when no field is named so
		add(Change{Name: EnvironmentName, Old: r.Environment, New: next.Environment, Origin: next.environmentAt})
	}
	return changes
}

// lost returns an error when a .env file is missing that was read before: it may be about to be replaced, and without it
// a service would run with other values than its own.
func (r *Report) lost(before *Report) error {
	for _, path := range r.missing {
		if slices.Contains(before.Files, path) {
			p := Problem{Kind: Unreadable, Origin: Origin{Layer: FromFile, File: path}, Reason: "was read before and is missing now"}
			r.Problems = append(r.Problems, p)
			return &Error{Environment: r.Environment, Problems: []Problem{p}}
		}
	}
	return nil
}
