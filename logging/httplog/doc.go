// Package httplog gives every request an id and its records what they have in common, and logs each request once.
//
//	requests, err := httplog.New(logs.Named("http"), httplog.Config{})
//	...
//	server := &http.Server{Handler: requests.Handler(mux)}
//
//	func create(w http.ResponseWriter, r *http.Request) {
//		log.Info("user created", logging.Ctx(r.Context())) // with request_id, ip_address, trace_id
//		httplog.Add(r.Context(), zap.String("plan", plan)) // to the record of the request
//	}
//
// The id is taken from the request's header when it is a plain one of at most 100 characters, made otherwise, and sent back
// in the header of the response. A trace is taken from the header traceparent of W3C Trace Context. The address of the client
// is that of the connection, or with [Config].TrustedProxies the last one in X-Forwarded-For that is none of a proxy.
//
// The record has method, path, route (the pattern of [http.ServeMux]), status, bytes, took and user_agent; never the query,
// which may have secrets. A panic is logged with its stack and goes on. What is sent as a path or as a user agent is cut after
// 1 kB.
//
// The middleware passes a new *http.Request on, and copies its Pattern back afterwards, so that a middleware outside of it sees
// the route, too.
package httplog
