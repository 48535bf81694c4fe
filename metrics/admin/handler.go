package admin

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prodwright/prodwright/internal/secret"
)

// Handler is the surface. Use [New].
type Handler struct {
	cfg     Config
	logger  *slog.Logger
	mask    secret.Masker
	origins *http.CrossOriginProtection
	began   time.Time
	build   build
	pages   []*page // in the order of the index
	levels  *levels
	flight  flight
}

// New returns a surface. The error lists everything that is wrong with c.
func New(c Config) (*Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	h := &Handler{cfg: c, logger: c.Logger, mask: secret.Masker{Mask: masked, More: c.Mask}, origins: http.NewCrossOriginProtection(), began: time.Now(), build: readBuild()}
	if h.logger == nil {
		h.logger = slog.Default()
	}
	h.cfg.Service = cmp.Or(c.Service, h.build.name())
	h.cfg.Version = cmp.Or(c.Version, h.build.version())
	h.cfg.Environment = cmp.Or(c.Environment, "unknown")
	h.cfg.MaxProfile = cmp.Or(c.MaxProfile, DefaultMaxProfile)
	for _, origin := range c.TrustedOrigins {
		_ = h.origins.AddTrustedOrigin(origin) // Validate has tried
	}
	h.levels = newLevels(c.Levels, h.logger)
	h.flight.configure(c.Flight, cmp.Or(c.FlightBytes, DefaultFlightBytes))
	h.pages = h.own()
	for _, part := range c.Parts {
		h.pages = append(h.pages, known(part))
	}
	order := groups()
	slices.SortStableFunc(h.pages, func(a, b *page) int { return slices.Index(order, a.group) - slices.Index(order, b.group) })
	return h, nil
}

// reserved are the names that are not for parts.
func reserved() []string {
	return []string{
		"status", "info", "sbom", "health", "metrics", "windows", "report", "loggers", "tasks", "exchanges", "goroutines",
		"pprof", "flight", "style.css",
	}
}

// own returns the pages that the package makes itself.
func (h *Handler) own() []*page {
	var list []*page
	add := func(group string, there bool, p page) {
		if there {
			p.group = group
			list = append(list, &p)
		}
	}
	add(groupState, true, page{plain: true, Part: Part{Name: "status", Title: "Status", About: "Up or not, since when, how busy.", Value: h.status}})
	add(groupState, h.cfg.Health != nil, page{plain: true, Part: Part{Name: "health", Title: "Health", About: "Every check, with its result.", Handler: h.health()}})
	add(groupState, true, page{plain: true, Part: Part{Name: "info", Title: "Build", About: "Version, modules, runtime.", Value: h.info}})
	add(groupState, true, page{plain: true, Part: Part{Name: "sbom", Title: "Bill of materials", About: "The modules, as CycloneDX.", Handler: http.HandlerFunc(h.sbom)}})
	add(groupFigures, h.cfg.Registry != nil, page{plain: true, Part: Part{Name: "windows", Title: "Metrics", About: "Counts, rates and quantiles of a window.", Handler: http.HandlerFunc(h.windows)}})
	add(groupFigures, h.cfg.Registry != nil, page{plain: true, Part: Part{Name: "report", Title: "Report", About: "A window beside the one before.", Handler: http.HandlerFunc(h.report)}})
	add(groupFigures, h.cfg.Registry != nil, page{raw: true, Part: Part{Name: "metrics", Title: "Prometheus", About: "Everything, to be scraped.", Handler: h.cfg.Registry}})
	add(groupControl, len(h.cfg.Levels) > 0, page{plain: true, Part: Part{Name: "loggers", Title: "Log levels", About: "Shown, and set for a while.", Handler: http.HandlerFunc(h.loggers)}})
	add(groupControl, h.cfg.Tasks != nil, page{plain: true, Part: Part{Name: "tasks", Title: "Tasks", About: "Last and next runs.", Handler: http.HandlerFunc(h.tasks)}})
	add(groupDiagnose, h.cfg.Exchanges != nil, page{plain: true, Part: Part{Name: "exchanges", Title: "Requests", About: "The last ones.", Value: h.exchanges, Access: Dump}})
	add(groupDiagnose, true, page{raw: true, Part: Part{Name: "goroutines", Title: "Goroutines", About: "What they all do.", Handler: http.HandlerFunc(h.goroutines), Access: Dump}})
	add(groupDiagnose, true, page{raw: true, Part: Part{Name: "pprof", Title: "Profiles", About: "CPU, heap, locks.", Handler: http.HandlerFunc(h.pprof), Access: Dump}})
	add(groupDiagnose, h.cfg.Flight > 0, page{raw: true, Part: Part{Name: "flight", Title: "Flight recorder", About: "A trace of the last seconds.", Handler: http.HandlerFunc(h.serveFlight), Access: Dump}})
	return list
}

// Run keeps what the surface needs all the time, which is the flight recorder, until ctx is done; then it returns nil. The
// error says that the recorder could not start. A second Run at the same time returns an error.
func (h *Handler) Run(ctx context.Context) error { return h.flight.run(ctx) }

// ServeHTTP answers a request for a page.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	base := cmp.Or(mounted(r), "/")
	below := strings.TrimPrefix(r.URL.Path, base)
	if r.URL.Path == "" || below == "" && !strings.HasSuffix(r.URL.Path, "/") {
		toFolder(w, r)
		return
	}
	name, rest, _ := strings.Cut(below, "/")
	depth := strings.Count(r.URL.EscapedPath(), "/") - strings.Count(base, "/")
	v := &view{Handler: h, root: strings.Repeat("../", max(depth, 0)), rest: rest, html: wantsHTML(r)}
	r = r.WithContext(context.WithValue(r.Context(), viewKey{}, v))
	if name == "style.css" && rest == "" && isSafe(r) { // which says nothing
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = w.Write([]byte(styleSheet)) // the client has gone
		return
	}
	if !h.admit(w, r, Look) {
		return
	}
	if name == "" {
		h.index(w, r)
		return
	}
	i := slices.IndexFunc(h.pages, func(p *page) bool { return p.Name == name })
	if i < 0 {
		h.fail(w, r, http.StatusNotFound, "there is no such page")
		return
	}
	v.page = h.pages[i]
	for _, a := range v.page.needs(r)[1:] {
		if !h.admit(w, r, a) {
			return
		}
	}
	h.serve(w, r, v)
}

// toFolder sends to the same address with a slash at its end: the index is a folder, whatever was stripped from its path, and
// links are relative to it.
func toFolder(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.EscapedPath()
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		asked = u.EscapedPath() // before anything was stripped
	}
	to := "./" + path.Base("/"+asked) + "/" // with the dot it is never a scheme
	if path.Base("/"+asked) == "/" {
		to = "./"
	}
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", strings.ReplaceAll(to, `\`, "%5C"))
	w.WriteHeader(http.StatusPermanentRedirect)
}

// secure sets headers that keep a browser from doing anything but showing the page.
func secure(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin") // with none, browsers send forms with the origin "null", and the check refuses them
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// mounted returns the part of the path that a [http.ServeMux] has matched, if it was not stripped: "/admin/" for
// /admin/info below the pattern "GET example.com/admin/". It is empty when nothing is to be taken off.
func mounted(r *http.Request) string {
	slash := strings.IndexByte(r.Pattern, '/')
	if slash < 0 {
		return ""
	}
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil && u.Path != r.URL.Path {
		return "" // it was stripped
	}
	pattern := strings.Split(strings.TrimSuffix(r.Pattern[slash:], "/"), "/")
	segments := strings.SplitAfter(r.URL.Path, "/")
	if len(segments) < len(pattern) {
		return ""
	}
	end := 0
	for i, p := range pattern {
		segment := segments[i]
		if strings.HasPrefix(p, "{") && strings.HasSuffix(p, "...}") {
			break
		}
		if p != strings.TrimSuffix(segment, "/") && !strings.HasPrefix(p, "{") {
			return ""
		}
		end += len(segment)
	}
	return r.URL.Path[:end]
}

// view is one request for a page.
type view struct {
	*Handler

	page *page
	root string // the way to the index, such as "../"
	rest string // of the path, below the page
	bare bool   // nothing is said about the service
	html bool   // a person asks
}

type viewKey struct{}

func viewOf(r *http.Request) *view { return r.Context().Value(viewKey{}).(*view) } //nolint:forcetypeassert // ServeHTTP sets it
