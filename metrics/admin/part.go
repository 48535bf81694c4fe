package admin

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
)

// Part is one page of the surface that the package does not make itself.
type Part struct {
	// Name is where it is found: lower-case letters, digits and hyphens. Those that [Handler] knows have a title already: alerts,
	// backups, breakers, cluster, config, scaler, startup.
	Name string
	// Title and About are for the index: a word or two, and a sentence.
	Title, About string
	// Value returns what is shown: anything that encodes as JSON. Its context ends after ten seconds.
	Value func(context.Context) (any, error)
	// Handler answers instead of Value, with the part's own path stripped: the request for /name/x is one for /x. What it
	// answers with is kept until it returns, to be masked, unless it is of a type that is no text, declared markup or events.
	// It is asked for JSON rather than text, and never for parts of a file.
	Handler http.Handler
	// Access is what it needs. Any method but GET and HEAD needs [Change], too.
	Access Access
}

var partName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// page is a part, or what the package makes itself.
type page struct {
	Part

	group string
	// raw pages answer as they are: their text is neither masked nor put into a page.
	raw bool
	// plain pages are masked by what texts look like only: their names are of checks, metrics and loggers, not of settings.
	plain bool
}

// needs returns what a request needs.
func (p *page) needs(r *http.Request) []Access {
	switch {
	case isSafe(r) && p.Access == Look:
		return []Access{Look}
	case isSafe(r):
		return []Access{Look, p.Access}
	case p.Access == Dump:
		return []Access{Look, Dump, Change}
	}
	return []Access{Look, Change}
}

func isSafe(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// The groups of the index, in their order.
const (
	groupState    = "State"
	groupFigures  = "Figures"
	groupControl  = "Control"
	groupDiagnose = "Diagnosis"
	groupOther    = "More"
)

func groups() []string {
	return []string{groupState, groupFigures, groupControl, groupDiagnose, groupOther}
}

// known returns the page that a part's name stands for.
func known(part Part) *page {
	p := &page{Part: part, group: groupOther}
	title, about := part.Name, ""
	switch part.Name {
	case "config":
		p.group, title, about = groupState, "Configuration", "Every setting, and where it comes from."
	case "startup":
		p.group, title, about = groupState, "Start-up", "What started, and how long that took."
	case "cluster":
		p.group, title, about = groupState, "Cluster", "Nodes, roles and lag."
	case "backups":
		p.group, title, about = groupState, "Backups", "What there is, and when it was verified."
	case "alerts":
		p.group, title, about = groupControl, "Alerts", "What fires, and what did."
	case "breakers":
		p.group, title, about = groupControl, "Breakers", "Calls that fail fast."
	case "scaler":
		p.group, title, about = groupControl, "Scaler", "Decisions, and their reasons."
	}
	p.Title, p.About = cmp.Or(p.Title, title), cmp.Or(p.About, about)
	return p
}
