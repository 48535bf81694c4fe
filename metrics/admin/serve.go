package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// patience is how long the context of a part's Value lasts.
const patience = 10 * time.Second

// serve answers with a page that the request may have.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, v *view) {
	below := r.Clone(r.Context())
	below.URL.Path, below.URL.RawPath = "/"+v.rest, ""
	if v.page.raw {
		v.page.Handler.ServeHTTP(w, below)
		return
	}
	// An answer that is masked must be whole and plain, and JSON where there is a choice.
	for _, name := range [...]string{"Range", "If-Range", "If-None-Match", "If-Modified-Since", "Accept-Encoding"} {
		below.Header.Del(name)
	}
	switch format := r.URL.Query().Get("format"); {
	case format == "text":
		below.Header.Set("Accept", "text/plain")
	case v.page.Name != "health" || format != "" || v.html: // whose plain answers are what orchestrators expect
		below.Header.Set("Accept", "application/json, application/health+json, text/plain;q=0.5, */*;q=0.1")
	}
	c := newCapture(w)
	if reason, stack := guarded(func() { h.captured(c, below, v) }); reason != "" {
		h.logger.Error("admin page panicked", "page", v.page.Name, "reason", h.mask.Text(reason), "stack", stack)
		if c.wentThrough() {
			panic(http.ErrAbortHandler) // the answer has begun
		}
		h.fail(w, r, http.StatusInternalServerError, "the part panicked: "+reason)
		return
	}
	c.finish(h, r)
}

// guarded calls f and returns what it panicked with, and where.
func guarded(f func()) (reason, stack string) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint,err113 // as net/http compares it
				panic(p)
			}
			reason, stack = "panic: "+fmt.Sprint(p), string(debug.Stack())
		}
	}()
	f()
	return "", ""
}

func (h *Handler) captured(c *capture, r *http.Request, v *view) {
	if v.page.Handler != nil {
		v.page.Handler.ServeHTTP(c, r)
		return
	}
	if !allowed(c, r, http.MethodGet, http.MethodHead) {
		return
	}
	if v.rest != "" {
		writeError(c, http.StatusNotFound, "there is no such page")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	value, err := v.page.Value(ctx)
	if err != nil {
		writeError(c, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(c, http.StatusOK, value)
}

// allowed answers requests of other methods, and returns false.
func allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	writeError(w, http.StatusMethodNotAllowed, "the method "+r.Method+" is not for this page")
	return false
}

type errorAnswer struct {
	Error string `json:"error"`
}

// writeJSON encodes a value. One that cannot be encoded is an error.
func writeJSON(w http.ResponseWriter, status int, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		writeError(w, http.StatusInternalServerError, "the value cannot be encoded: "+err.Error())
		return
	}
	if media, _ := mediaOf(w.Header()); !strings.HasSuffix(media, "+json") {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client has gone
}

func writeError(w http.ResponseWriter, status int, reason string) {
	writeJSON(w, status, errorAnswer{reason})
}

// fail answers with an error, in the form that the client wants.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, status int, reason string) {
	c := newCapture(w)
	writeError(c, status, reason)
	c.finish(h, r)
}

// finish masks the answer and sends it: as a page to browsers, and as it is to others.
func (c *capture) finish(h *Handler, r *http.Request) {
	a := c.end()
	if a.through {
		return
	}
	byName := viewOf(r).page == nil || !viewOf(r).page.plain
	var tree *secret.Node
	text := ""
	err := a.err
	if err == nil && len(a.body) > 0 && a.kind == isJSON {
		tree, err = secret.ParseNode(a.body)
		if err != nil && err != secret.ErrTooDeep { //nolint:errorlint,err113 // it is never wrapped
			err = nil // a text, then
		}
	}
	if err != nil {
		b, _ := json.Marshal(errorAnswer{err.Error()}) // a text can be encoded
		tree, _ = secret.ParseNode(b)
		a.status = http.StatusInternalServerError
		a.header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	}
	switch {
	case tree != nil:
		h.mask.Node(tree, byName)
	case len(a.body) == 0:
		a.send(&h.mask)
		return
	default:
		text = h.mask.Lines(string(a.body))
	}
	out := new(bytes.Buffer)
	a.header.Add("Vary", "Accept")
	switch {
	case viewOf(r).html:
		a.header.Set("Content-Type", "text/html; charset=utf-8")
		a.header.Del("Content-Disposition")
		h.writePage(out, r, viewOf(r), a.status, tree, text)
	case tree != nil:
		tree.WriteJSON(out)
		out.WriteByte('\n')
	default:
		out.WriteString(text)
	}
	a.send(&h.mask)
	_, _ = c.to.Write(out.Bytes()) // the client has gone
}

// wantsHTML says whether a person asks.
func wantsHTML(r *http.Request) bool {
	switch r.URL.Query().Get("format") { // never of the body, which nobody has allowed yet
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	case "html":
		return true
	}
	return false
}
