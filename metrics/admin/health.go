package admin

import "net/http"

// health answers the probes, and shows readiness where nothing is asked for by name.
func (h *Handler) health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			r.URL.Path = "/readyz" // it is a copy, and so are the headers
			r.Header.Set("Accept", "application/health+json")
		}
		h.cfg.Health.ServeHTTP(w, r)
	})
}
