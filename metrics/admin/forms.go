package admin

import (
	"html"
	"net/url"
	"strings"

	"github.com/prodwright/prodwright/internal/secret"
)

// pathOf returns a name as the end of a path. Slashes stay: what proxies make of escaped ones differs.
func pathOf(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return html.EscapeString(strings.Join(parts, "/"))
}

// writeForms writes what a person can do on a page.
func (h *Handler) writeForms(w htmlWriter, v *view, tree *secret.Node) {
	if h.cfg.Authorize == nil || tree == nil {
		return
	}
	switch v.page.Name {
	case "loggers":
		for _, name := range h.levels.names {
			w.WriteString(`<form method="post" action="` + v.root + "loggers/" + pathOf(name) + `?format=html"><b>` + html.EscapeString(name) + `</b><select name="level" aria-label="level">`)
			for _, level := range [...]string{"debug", "info", "warn", "error", "reset"} {
				w.WriteString("<option>" + level + "</option>")
			}
			w.WriteString(`</select> for <select name="for" aria-label="time"><option>15m</option><option>1h</option><option>8h</option><option value="0">good</option></select><button>Set</button></form>`)
		}
	case "tasks":
		for _, task := range h.cfg.Tasks.List() {
			w.WriteString(`<form method="post" action="` + v.root + "tasks/" + pathOf(task.Name) + `?format=html"><b>` + html.EscapeString(task.Name) + `</b><button>Run now</button></form>`)
		}
	}
}
