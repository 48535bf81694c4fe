package admin

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// capture is an answer that is masked, and put into a page, before it is sent. Only JSON and texts are; everything else goes
// through at once. What a handler writes after it has returned is refused.
type capture struct {
	to     http.ResponseWriter // nil captures everything
	header http.Header         // the handler's

	mu      sync.Mutex // guards what follows
	kept    http.Header
	status  int
	body    bytes.Buffer
	decided bool
	through bool
	over    bool
	err     error
}

func newCapture(to http.ResponseWriter) *capture { return &capture{to: to, header: make(http.Header)} }

// maxCapture limits the memory of one answer.
const maxCapture = 4 << 20

var (
	errTooLarge = errors.New("admin: the answer is too large to be masked: 4 MiB is the most")
	errEncoded  = errors.New("admin: the answer is compressed or in an unknown encoding, and cannot be masked")
)

// Header returns the handler's header, as it may still be changed.
func (c *capture) Header() http.Header { return c.header }

// SetReadDeadline is for [http.ResponseController], as is SetWriteDeadline.
func (c *capture) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(c.to).SetReadDeadline(t)
}

// SetWriteDeadline sets it for the connection.
func (c *capture) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(c.to).SetWriteDeadline(t)
}

// WriteHeader notes the status, or sends it.
func (c *capture) WriteHeader(status int) {
	if status < http.StatusContinue || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as net/http does
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(status)
}

func (c *capture) writeHeader(status int) {
	if c.status != 0 || status < http.StatusOK || c.over {
		return
	}
	c.status, c.kept = status, c.header.Clone()
	if c.kept.Get("Content-Type") != "" || status == http.StatusNoContent || status == http.StatusNotModified {
		c.decide()
	}
}

// Write keeps b, or sends it.
func (c *capture) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return 0, http.ErrHandlerTimeout // so net/http calls what comes too late
	}
	c.writeHeader(http.StatusOK)
	if c.kept.Get("Content-Type") == "" {
		// Whatever it looks like: nobody has said that it is markup, or no text.
		c.kept.Set("Content-Type", "text/plain; charset=utf-8")
	}
	c.decide()
	switch {
	case c.through:
		return c.to.Write(b)
	case c.status == http.StatusNoContent || c.status == http.StatusNotModified:
		return 0, http.ErrBodyNotAllowed
	case c.body.Len()+len(b) > maxCapture:
		c.err = errTooLarge
		return 0, c.err
	}
	return c.body.Write(b)
}

// FlushError sends what goes through; the rest is sent when it is whole.
func (c *capture) FlushError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(http.StatusOK)
	if !c.through || c.over {
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
	if c.to != nil && kindOf(c.kept) == isOther {
		c.through = true
		(&answer{to: c.to, header: c.kept, status: c.status, through: true}).send(&secret.Masker{Mask: masked})
	}
}

func (c *capture) wentThrough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.through
}

// answer is what was captured.
type answer struct {
	to      http.ResponseWriter
	header  http.Header
	status  int
	body    []byte
	kind    kind
	through bool
	err     error
}

// end returns the answer. Nothing is written after it.
func (c *capture) end() *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(http.StatusOK)
	c.over = true
	a := &answer{to: c.to, header: c.kept, status: c.status, body: c.body.Bytes(), kind: kindOf(c.kept), through: c.through, err: c.err}
	if encoding := a.header.Get("Content-Encoding"); a.err == nil && len(a.body) > 0 && encoding != "" && encoding != "identity" {
		a.err = errEncoded
	}
	if _, charset := mediaOf(a.header); a.err == nil && !slices.Contains([]string{"", "utf-8", "us-ascii", "iso-8859-1"}, strings.ToLower(charset)) {
		a.err = errEncoded
	}
	return a
}

// kind is what sort of answer something is.
type kind uint8

const (
	isOther kind = iota
	isJSON
	isText
)

// kindOf says how an answer is masked. What goes through is what somebody has declared to be markup, events, or known to be no
// text.
func kindOf(header http.Header) kind {
	media, _ := mediaOf(header)
	main, sub, _ := strings.Cut(media, "/")
	switch {
	case media == "application/json", strings.HasSuffix(sub, "+json"):
		return isJSON
	case media == "text/html", media == "text/css", media == "text/event-stream":
		return isOther
	case main == "image", main == "audio", main == "video", main == "font":
		return isOther
	}
	switch strings.TrimPrefix(sub, "x-") {
	case "octet-stream", "zip", "gzip", "zstd", "tar", "pdf", "wasm", "protobuf", "vnd.google.protobuf":
		return isOther
	}
	return isText
}

func mediaOf(header http.Header) (media, charset string) {
	media, parameters, _ := mime.ParseMediaType(header.Get("Content-Type")) // empty when it is none
	return media, parameters["charset"]
}

// send sends the header. What keeps browsers safe is not the part's to change, and what describes the body as the part had it
// is not true any more.
func (a *answer) send(m *secret.Masker) {
	safe := make(http.Header)
	secure(safe)
	to := a.to.Header()
	for name, values := range a.header {
		switch name {
		case "Content-Length", "Content-Range", "Accept-Ranges", "Etag", "Last-Modified", "Content-Encoding":
			if !a.through {
				continue
			}
		}
		if _, ok := safe[name]; ok {
			continue
		}
		if name == "Content-Type" {
			to[name] = values
			continue
		}
		masked := make([]string, len(values))
		for i, value := range values {
			masked[i] = m.Text(value)
		}
		to[name] = masked
	}
	a.to.WriteHeader(a.status)
}
