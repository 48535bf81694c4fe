package metrics

import (
	"net/http"
	"strings"
)

// ServeHTTP answers a scrape: as OpenMetrics when the request accepts that, as Prometheus' text otherwise.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	r.refresh(req.Context())
	format, contentType := plainText, "text/plain; version=0.0.4; charset=utf-8"
	if strings.Contains(req.Header.Get("Accept"), "application/openmetrics-text") {
		format, contentType = openMetrics, "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	w.Header().Set("Content-Type", contentType)
	_ = r.write(w, format) // the client has gone, or the connection
}
