package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
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
	c := &capture{to: w, header: make(http.Header)}
	if reason := guarded(func() { h.captured(c, below, v) }); reason != "" {
		if c.through {
			panic(http.ErrAbortHandler) // the answer has begun
		}
		h.logger.Error("admin page panicked", "page", v.page.Name, "reason", h.mask.text(reason))
		h.fail(w, r, http.StatusInternalServerError, "the part panicked: "+reason)
		return
	}
	c.finish(h, r)
}

// guarded calls f and returns what it panicked with.
func guarded(f func()) (reason string) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint,err113 // as net/http compares it
				panic(p)
			}
			reason = fmt.Sprint(p)
		}
	}()
	f()
	return ""
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
	if !strings.HasSuffix(mediaOf(w.Header()), "+json") {
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
	c := &capture{to: w, header: make(http.Header)}
	writeError(c, status, reason)
	c.finish(h, r)
}

// capture is an answer that is masked, and put into a page, before it is sent. Only JSON and text are; everything else goes
// through at once.
type capture struct {
	to      http.ResponseWriter // nil captures everything
	header  http.Header
	status  int
	body    bytes.Buffer
	decided bool
	through bool
	err     error
}

// maxCapture limits the memory of one answer.
const maxCapture = 16 << 20

var errTooLarge = errors.New("admin: the answer is too large to be masked")

func (c *capture) Header() http.Header { return c.header }
func (c *capture) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(c.to).SetReadDeadline(t)
}
func (c *capture) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(c.to).SetWriteDeadline(t)
}

// WriteHeader notes the status, or sends it.
func (c *capture) WriteHeader(status int) {
	if c.status != 0 || status < http.StatusOK {
		return
	}
	c.status = status
	if c.header.Get("Content-Type") != "" {
		c.decide()
	}
}

// Write keeps b, or sends it.
func (c *capture) Write(b []byte) (int, error) {
	if c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", http.DetectContentType(b))
	}
	c.WriteHeader(http.StatusOK)
	c.decide()
	if c.through {
		return c.to.Write(b)
	}
	if c.body.Len()+len(b) > maxCapture {
		c.err = errTooLarge
		return 0, c.err
	}
	return c.body.Write(b)
}

// FlushError sends what is not captured, for [http.ResponseController].
func (c *capture) FlushError() error {
	c.WriteHeader(http.StatusOK)
	if !c.through {
		return nil
	}
	return http.NewResponseController(c.to).Flush()
}

// Flush is for those who ask for a [http.Flusher].
func (c *capture) Flush() { _ = c.FlushError() } // as of every Flusher

// decide finds out whether the answer is one that is masked.
func (c *capture) decide() {
	if c.decided {
		return
	}
	c.decided = true
	if c.to != nil && c.kind() == isOther {
		c.through = true
		c.send(c.status)
	}
}

// The kinds of answers.
const (
	isOther = iota
	isJSON
	isText
)

func (c *capture) kind() int {
	switch media := mediaOf(c.header); {
	case media == "":
		return isText // to be on the safe side
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return isJSON
	case media == "text/html", media == "text/css", media == "text/event-stream", !strings.HasPrefix(media, "text/"):
		return isOther
	}
	return isText
}

func mediaOf(header http.Header) string {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type")) // empty when it is none
	return media
}

// send sends the header. What keeps browsers safe is not the part's to change.
func (c *capture) send(status int) {
	safe := make(http.Header)
	secure(safe)
	to := c.to.Header()
	for name, values := range c.header {
		if _, ok := safe[name]; !ok && name != "Content-Length" {
			to[name] = values
		}
	}
	c.to.WriteHeader(status)
}

// finish masks the answer and sends it: as a page to browsers, and as it is to others.
func (c *capture) finish(h *Handler, r *http.Request) {
	if c.through {
		return
	}
	if c.err != nil {
		c.body.Reset()
		c.status = 0
		writeError(c, http.StatusInternalServerError, c.err.Error())
		c.status = http.StatusInternalServerError
	}
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if c.body.Len() == 0 {
		c.send(c.status)
		return
	}
	var tree *node
	text := ""
	if c.kind() == isJSON {
		tree, _ = parseNode(c.body.Bytes()) // what is none is a text
	}
	if tree != nil {
		h.mask.node(tree)
	} else {
		text = h.mask.text(c.body.String())
	}
	out := new(bytes.Buffer)
	switch {
	case wantsHTML(r):
		c.header.Set("Content-Type", "text/html; charset=utf-8")
		c.header.Set("Vary", "Accept")
		h.writePage(out, r, viewOf(r), c.status, tree, text)
	case tree != nil:
		tree.writeJSON(out, "")
		out.WriteByte('\n')
	default:
		out.WriteString(text)
	}
	c.send(c.status)
	_, _ = c.to.Write(out.Bytes()) // the client has gone
}

// wantsHTML says whether a person asks.
func wantsHTML(r *http.Request) bool {
	switch r.FormValue("format") {
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	case "html":
		return true
	}
	return false
}
