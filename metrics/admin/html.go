package admin

import (
	"bytes"
	"cmp"
	"html"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// htmlWriter writes pages by hand: templates would make the linker keep every method of the whole program.
type htmlWriter struct {
	*bytes.Buffer

	now time.Time
	// linked returns where the value of a column leads, as seen from the page, or nothing.
	linked func(column, text string) string
}

// tag writes an element with a text.
func (w htmlWriter) tag(name, text string) {
	w.WriteString("<" + name + ">" + html.EscapeString(text) + "</" + name + ">")
}

// link writes a link that is relative to the index.
func (w htmlWriter) link(root, to, text string) {
	w.WriteString(`<a href="` + html.EscapeString(root+to) + `">` + html.EscapeString(text) + `</a>`)
}

// writePage writes a whole page around a value or a text.
func (h *Handler) writePage(b *bytes.Buffer, r *http.Request, v *view, status int, tree *secret.Node, text string) {
	w := htmlWriter{b, time.Now(), nil}
	title := "Error"
	if v.page != nil {
		title = v.page.Title
		w.linked = v.linked
	}
	h.writeHead(w, v, title)
	w.WriteString("<main>")
	w.tag("h1", title)
	if v.page != nil && v.page.About != "" {
		w.tag("p", v.page.About)
	}
	if status >= http.StatusBadRequest {
		w.WriteString(`<p class="bad">` + strconv.Itoa(status) + " " + http.StatusText(status) + "</p>")
	}
	if v.page != nil {
		writeChoices(w, v.page.Name)
	}
	if tree != nil {
		w.sections(tree)
	} else {
		w.tag("pre", text)
	}
	if v.page != nil && status < http.StatusBadRequest {
		h.writeForms(w, v, tree)
	}
	query := r.URL.Query()
	query.Set("format", "json")
	w.WriteString(`<p class="quiet"><a href="?` + html.EscapeString(query.Encode()) + `">the same for machines</a></p></main></body></html>`)
}

func (h *Handler) writeHead(w htmlWriter, v *view, title string) {
	service := h.cfg.Service
	if v.bare {
		service = "admin"
	}
	w.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`)
	w.tag("title", title+" · "+service)
	w.WriteString(`<link rel="stylesheet" href="` + v.root + `style.css"></head><body><header>`)
	w.link(cmp.Or(v.root, "./"), "", service)
	if !v.bare {
		w.tag("span", h.cfg.Environment)
		w.tag("span", h.cfg.Version)
	}
	w.WriteString(`</header>`)
}

// writeChoices writes the windows that a person may want.
func writeChoices(w htmlWriter, page string) {
	if page != "windows" && page != "report" {
		return
	}
	w.WriteString("<p>")
	for _, window := range [...]string{"1m", "5m", "30m", "1h", "6h", "24h"} {
		w.WriteString(`<a href="?window=` + window + `">` + window + "</a> ")
	}
	w.WriteString("</p>")
}

// sections writes the tables in an object one below the other.
func (w htmlWriter) sections(n *secret.Node) {
	if n.Kind != secret.Object {
		w.node(n, "")
		return
	}
	small, large := &secret.Node{Kind: secret.Object}, &secret.Node{Kind: secret.Object}
	for i, m := range n.Members {
		to := small
		if m.Kind == secret.List && len(m.Members) > 0 && columnsOf(m) != nil {
			to = large
		}
		to.Names, to.Members = append(to.Names, n.Names[i]), append(to.Members, m)
	}
	if len(small.Members) > 0 || len(large.Members) == 0 {
		w.node(small, "")
	}
	for i, m := range large.Members {
		w.tag("h2", spoken(large.Names[i]))
		w.node(m, large.Names[i])
	}
}

// node writes a value: objects as tables of two columns, lists of objects as tables with a column for each name.
func (w htmlWriter) node(n *secret.Node, name string) {
	switch n.Kind {
	case secret.Plain, secret.String:
		w.scalar(n, name)
	case secret.Object:
		if len(n.Members) == 0 {
			w.WriteString(`<span class="quiet">nothing</span>`)
			return
		}
		w.WriteString(`<table class="pairs">`)
		for i, m := range n.Members {
			w.WriteString("<tr>")
			w.tag("th", spoken(n.Names[i]))
			w.WriteString("<td>")
			w.node(m, n.Names[i])
			w.WriteString("</td></tr>")
		}
		w.WriteString("</table>")
	case secret.List:
		w.list(n, name)
	}
}

func (w htmlWriter) list(n *secret.Node, name string) {
	if len(n.Members) == 0 {
		w.WriteString(`<span class="quiet">none</span>`)
		return
	}
	columns := columnsOf(n)
	if columns == nil {
		w.WriteString("<ul>")
		for _, m := range n.Members {
			w.WriteString("<li>")
			w.node(m, name)
			w.WriteString("</li>")
		}
		w.WriteString("</ul>")
		return
	}
	w.WriteString(`<div class="wide"><table class="rows"><thead><tr>`)
	for _, c := range columns {
		w.tag("th", spoken(c))
	}
	w.WriteString("</tr></thead><tbody>")
	for _, row := range n.Members {
		w.WriteString("<tr>")
		for _, c := range columns {
			m, unit := row.Member(c), c
			if name := row.Member("name"); name != nil && isFigure(c) {
				unit = name.Text
			}
			switch {
			case m == nil:
				w.WriteString("<td></td>")
				continue
			case m.Kind == secret.Plain:
				w.WriteString(`<td class="number">`)
			default:
				w.WriteString("<td>")
			}
			if to := w.leadsTo(c, m); to != "" {
				w.link("", to, m.Text)
			} else {
				w.node(m, unit)
			}
			w.WriteString("</td>")
		}
		w.WriteString("</tr>")
	}
	w.WriteString("</tbody></table></div>")
}

func (w htmlWriter) leadsTo(column string, n *secret.Node) string {
	if w.linked == nil || n.Kind != secret.String {
		return ""
	}
	return w.linked(column, n.Text)
}

// linked makes links of what the package's own pages list.
func (v *view) linked(column, text string) string {
	switch {
	case v.page.Name == "pprof" && column == "get":
		return v.root + text
	case v.page.Name == "windows" && column == "name" && v.rest == "":
		return v.root + "windows/" + url.PathEscape(text)
	}
	return ""
}

// isFigure says whether a column is in the unit of the metric that the row is of.
func isFigure(column string) bool {
	switch column {
	case "min", "avg", "p50", "p95", "p99", "max", "latest":
		return true
	}
	return false
}

// maxColumns is how many a table may have, so that it grows with what is in it and not faster.
const maxColumns = 30

// columnsOf returns the names in a list of objects, or nil for another list.
func columnsOf(n *secret.Node) (columns []string) {
	known := map[string]bool{}
	for _, row := range n.Members {
		if row.Kind != secret.Object {
			return nil
		}
		for _, name := range row.Names {
			if !known[name] {
				known[name] = true
				columns = append(columns, name)
			}
		}
		if len(columns) > maxColumns {
			return nil
		}
	}
	return columns
}

// scalar writes a text or a number, in the unit that its name ends in.
func (w htmlWriter) scalar(n *secret.Node, name string) {
	switch {
	case n.Kind == secret.String:
		if at, err := time.Parse(time.RFC3339Nano, n.Text); err == nil {
			w.WriteString(`<time datetime="` + html.EscapeString(n.Text) + `" title="` + html.EscapeString(n.Text) + `">`)
			w.WriteString(at.UTC().Format(time.DateTime) + `</time> <span class="quiet">` + ago(w.now.Sub(at)) + `</span>`)
			return
		}
		if strings.Contains(n.Text, "\n") {
			w.tag("pre", n.Text)
			return
		}
		w.WriteString(marked(n.Text))
	case n.Text == "null":
		w.WriteString(`<span class="quiet">–</span>`)
	default:
		w.WriteString(html.EscapeString(figure(n.Text, name)))
	}
}

// marked writes a word that says whether something is well in its colour.
func marked(text string) string {
	var class string
	switch strings.ToLower(text) {
	case "up", "ok", "pass", "passed", "ready", "healthy", "closed", "success", "true":
		class = "good"
	case "down", "fail", "failed", "error", "critical", "firing", "open", "unhealthy":
		class = "bad"
	case "warn", "warning", "degraded", "half-open", "pending", "unknown":
		class = "fair"
	default:
		return html.EscapeString(text)
	}
	return `<span class="` + class + `">` + html.EscapeString(text) + `</span>`
}

// figure writes a number for people.
func figure(text, name string) string {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text // true and false
	}
	switch {
	case hasUnit(name, "ns"), hasUnit(name, "nanoseconds"):
		return durationText(time.Duration(value))
	case (hasUnit(name, "seconds") || hasUnit(name, "secs")) && math.Abs(value) < maxSeconds:
		return durationText(time.Duration(value * float64(time.Second)))
	case hasUnit(name, "bytes"):
		return sizeText(value)
	case hasUnit(name, "ratio") && value <= 1:
		return strconv.FormatFloat(100*value, 'g', 3, 64) + " %"
	case strings.ContainsAny(text, ".eE"):
		return strconv.FormatFloat(value, 'g', 4, 64)
	}
	return text
}

// maxSeconds is beyond what a [time.Duration] holds.
const maxSeconds = 1 << 33

// durationText rounds to what a person reads: three digits, and seconds above a minute.
func durationText(d time.Duration) string {
	if d.Abs() > time.Minute {
		return d.Round(time.Second).String()
	}
	step := time.Duration(1)
	for step*1000 < d.Abs() {
		step *= 10
	}
	return d.Round(step).String()
}

func hasUnit(name, unit string) bool { return name == unit || strings.HasSuffix(name, "_"+unit) }

func sizeText(n float64) string {
	for _, unit := range [...]string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 && n > -1024 {
			return strconv.FormatFloat(n, 'g', 4, 64) + " " + unit
		}
		n /= 1024
	}
	return strconv.FormatFloat(n, 'g', 4, 64) + " TiB"
}

func ago(d time.Duration) string {
	suffix := " ago"
	if d < 0 {
		d, suffix = -d, " from now"
	}
	switch {
	case d < time.Second:
		return "now"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s" + suffix
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min" + suffix
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h" + suffix
	}
	return strconv.Itoa(int(d.Hours()/24)) + " days" + suffix
}

// spoken writes a name as words: uptime_seconds is "uptime", startTook "start took".
func spoken(name string) string {
	for _, unit := range [...]string{"_seconds", "_nanoseconds", "_ns", "_bytes", "_ratio"} {
		if short, ok := strings.CutSuffix(name, unit); ok && short != "" {
			name = short
			break
		}
	}
	return strings.ReplaceAll(name, "_", " ")
}
