package httplog_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/httplog"
)

func ExampleMiddleware() {
	logs, err := logging.New(logging.Config{
		Console: logging.Console{Structured: true, Writer: withoutTime{os.Stdout}},
		File:    logging.File{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	requests, err := httplog.New(logs.Named("http"), httplog.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		httplog.Add(r.Context(), zap.String("plan", "free")) // to the record of the request
		w.WriteHeader(http.StatusNoContent)
	})

	r := httptest.NewRequest(http.MethodGet, "/users/4711?token=not-logged", nil)
	r.Header.Set("X-Request-ID", "req-456")
	requests.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// {"level":"INFO","logger":"http","message":"request","request_id":"req-456","ip_address":"192.0.2.1","extra_data":{"plan":"free","method":"GET","path":"/users/4711","route":"GET /users/{id}","status":204,"bytes":0,"user_agent":""}}
}

func ExampleConfig() {
	cfg := httplog.Config{
		Slow: time.Second,
		Skip: func(r *http.Request) bool { return r.URL.Path == "/livez" },
	}
	fmt.Println(cfg.Validate())
	// Output: <nil>
}
