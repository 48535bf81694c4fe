package fingerprint_test

// nginxFormats are formats of ngx_log_error in the source of nginx 1.22, by the file that they are in. What the server was
// doing, " while %s", follows some of them: it is a constant, too (log->action), and belongs to the label.
var nginxFormats = []string{
	// core/nginx.c, core/ngx_log.c, os/unix/ngx_posix_init.c, os/unix/ngx_linux_init.c, event/ngx_event.c
	"nginx/%s", "OS: %s %s", "getrlimit(RLIMIT_NOFILE): %s:%s", `using the "%s" event method`,
	// os/unix/ngx_process_cycle.c, os/unix/ngx_process.c: "signal %d (%s) received from %P%s" has a constant at its end, by the signal
	"start worker processes", "start %s %d", "reconfiguring", "reopening logs", "exiting", "exit", "gracefully shutting down",
	"signal %d (%s) received from %d, reconfiguring", "signal %d (%s) received from %d, reopening logs", "signal %d (%s) received from %d, exiting",
	"signal %d (%s) received from %d, shutting down", "signal %d (%s) received from %d", "signal %d (%s) received",
	"%s %d exited with code %d", "%s process %d exited with code %d", "closed keepalive connection (%d: %s)", "client %s closed keepalive connection",
	// core/ngx_conf_file.c
	`unknown directive "%s" in command line`,
	// http/ngx_http_request.c, http/ngx_http_parse.c by way of client_errors
	"client sent invalid method", "client sent invalid request", "client sent invalid version", "client sent too long URI",
	`client sent too long header line: "%s..."`, "client sent invalid host header", `client sent invalid header line: "%s"`, `client sent invalid header line: "%s\\x%s..."`,
	`client sent unknown "Transfer-Encoding": "%s"`, `client sent invalid "Content-Length" header`, "client sent TRACE method", "client sent CONNECT method",
	`client sent duplicate host header: "%s", previous value: "%s"`, `client sent HTTP/1.1 request without "Host" header`, "client prematurely closed connection",
	"client closed connection", "client timed out (%d: %s)", "client sent invalid chunked body", "client intended to send too large body: %d bytes", "client intended to send too large chunked body: %d+%d bytes",
	// http/ngx_http_core_module.c, http/modules/ngx_http_*_module.c
	`open() "%s" failed (%d: %s)`, `directory index of "%s" is forbidden`, "access forbidden by rule", "no user/password was provided for basic authentication",
	`user "%s" was not found in "%s"`, `user "%s": password mismatch`, `limiting requests, excess: %f by zone "%s"`, `delaying request, excess: %f, by zone "%s"`,
	`"%s" matches "%s"`, `rewritten data: "%s", args: "%s"`, "rewrite or internal redirection cycle", `a client request body is buffered to a temporary file %s`,
	// http/ngx_http_upstream.c, core/ngx_resolver.c, os/unix/ngx_recv.c, os/unix/ngx_send.c
	"connect() failed (%d: %s)", "send() failed (%d: %s)", "recv() failed (%d: %s)", "writev() failed (%d: %s)", "upstream timed out (%d: %s)", "upstream prematurely closed connection",
	"upstream sent invalid header", `upstream sent invalid header: "%s"`, "%s could not be resolved (%d: %s)",
	"epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too",
	"epoll_wait() reported that client prematurely closed connection",
	"upstream sent no valid HTTP/1.0 header",
}
