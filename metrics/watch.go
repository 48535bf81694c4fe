package metrics

import (
	"net/http"
	"time"

	"github.com/prodwright/prodwright/internal/exchange"
)

// Exchange is what became of a request.
type Exchange struct {
	Begin time.Time
	Took  time.Duration // until the handler returned, or took the connection over
	// Status is the first one that is none of 1xx, except for 101. It is 0 when the handler panicked before it had answered.
	Status int
	Size   int64 // of the body, in bytes
	// Panicked is also true when the handler ended its goroutine.
	Panicked bool
}

// Watch calls done after every request, with the request as the handlers left it: its Pattern is set. [HTTP] is built in
// the same way, and says what must not stand between. The request is done's only until it returns. A panic goes on.
func Watch(next http.Handler, done func(*http.Request, Exchange)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := exchange.Of(w)
		defer func() { done(r, Exchange(m.Exchange())) }()
		next.ServeHTTP(m.Writer(), r)
		m.Finish()
	})
}
