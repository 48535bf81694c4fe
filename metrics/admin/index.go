package admin

import (
	"bytes"
	"net/http"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// indexAnswer is the index for machines.
type indexAnswer struct {
	Service     string       `json:"service"`
	Version     string       `json:"version"`
	Environment string       `json:"environment"`
	Pages       []indexEntry `json:"pages"`
}

type indexEntry struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	About  string `json:"about"`
	Group  string `json:"group"`
	Access Access `json:"access"`
	Closed bool   `json:"closed"` // to everybody, because there is no authorizer
}

// index lists the pages.
func (h *Handler) index(w http.ResponseWriter, r *http.Request) {
	c := newCapture(w)
	if !allowed(c, r, http.MethodGet, http.MethodHead) {
		c.finish(h, r)
		return
	}
	answer := indexAnswer{Service: h.cfg.Service, Version: h.cfg.Version, Environment: h.cfg.Environment}
	for _, p := range h.pages {
		answer.Pages = append(answer.Pages, indexEntry{p.Name, p.Title, p.About, p.group, p.Access, h.isClosed(p)})
	}
	if !viewOf(r).html {
		writeJSON(c, http.StatusOK, answer)
		c.finish(h, r)
		return
	}
	out := new(bytes.Buffer)
	h.writeIndex(r, out)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept")
	_, _ = w.Write(out.Bytes()) // the client has gone
}

func (h *Handler) isClosed(p *page) bool { return p.Access != Look && h.cfg.Authorize == nil }

func (h *Handler) writeIndex(r *http.Request, b *bytes.Buffer) {
	w := htmlWriter{b, time.Now(), nil}
	h.writeHead(w, viewOf(r), "Overview")
	w.WriteString("<main>")
	w.tag("h1", h.cfg.Service)
	status, _ := h.status(r.Context()) // it has no error
	c := newCapture(nil)
	writeJSON(c, http.StatusOK, status)
	if tree, err := secret.ParseNode(c.end().body); err == nil {
		h.mask.Node(tree, false)
		w.node(tree, "")
	}
	for _, group := range groups() {
		first := true
		for _, p := range h.pages {
			if p.group != group || p.Name == "status" {
				continue
			}
			if first {
				w.tag("h2", group)
				w.WriteString(`<ul class="cards">`)
				first = false
			}
			w.WriteString("<li>")
			if h.isClosed(p) {
				w.tag("b", p.Title)
			} else {
				w.link("", p.Name+"/", p.Title)
			}
			if p.Access != Look {
				w.WriteString(` <span class="lock">` + lockText(h.isClosed(p)) + `</span>`)
			}
			w.tag("p", p.About)
			w.WriteString("</li>")
		}
		if !first {
			w.WriteString("</ul>")
		}
	}
	w.WriteString(`<p class="quiet"><a href="?format=json">the same for machines</a></p></main></body></html>`)
}

func lockText(closed bool) string {
	if closed {
		return "closed"
	}
	return "needs a token"
}
