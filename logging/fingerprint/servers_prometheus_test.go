package fingerprint_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

const prometheusConfig = `
global: {scrape_interval: 200ms, scrape_timeout: 150ms, evaluation_interval: 200ms, external_labels: {round: "%[1]d"}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - {timeout: 100ms, static_configs: [{targets: ["127.0.0.1:%[2]d", "%[3]s"]}]}
remote_write:
  - {url: "http://127.0.0.1:%[2]d/write", name: dead%[1]d, queue_config: {min_backoff: 20ms, max_backoff: 50ms, batch_send_deadline: 200ms}}
  - {url: "http://%[3]s/refuse", name: refusing%[1]d, queue_config: {batch_send_deadline: 200ms}}
remote_read: [{url: "http://127.0.0.1:%[2]d/read"}]
scrape_configs:
  - {job_name: good, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: clash, honor_labels: true, metrics_path: /clash, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: odd, metrics_path: /odd, honor_timestamps: true, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: rubbish, metrics_path: /rubbish, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: much, metrics_path: /clash, sample_limit: 1, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: long, metrics_path: /clash, label_limit: 1, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: slow, metrics_path: /slow, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: missing, metrics_path: /missing, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: dead, static_configs: [{targets: ["127.0.0.1:%[2]d", "127.0.0.1:1"]}]}
  - {job_name: files, file_sd_configs: [{files: ["sd*.yml", "no*.json"], refresh_interval: 1s}]}
  - {job_name: names, dns_sd_configs: [{names: ["nowhere%[1]d.example"], type: A, port: 80, refresh_interval: 1s}]}
  - {job_name: http, http_sd_configs: [{url: "http://%[3]s/missing", refresh_interval: 1s}]}
  - {job_name: httpdead, http_sd_configs: [{url: "http://127.0.0.1:%[2]d/", refresh_interval: 1s}]}
`

const prometheusRules = `
groups:
  - name: fine%[1]d
    rules:
      - {record: a:b, expr: up * %[1]d}
      - {alert: Down%[1]d, expr: up == 0, annotations: {text: '{{ $labels.nothing.here }} {{ .Bad%[1]d }}'}}
  - name: wrong%[1]d
    rules:
      - {record: c:d, expr: up * on(nothing) group_left some}
      - {record: e:f, expr: 'label_replace(up, "instance", "same", "", "")'}
      - {record: g:h, expr: 'up * on(job) clash%[1]d'}
`

// prometheusLines makes Prometheus log. The label of a line is the place in the source that it names and its message; the
// text is the message and the members behind it, without time, level and place.
func prometheusLines(t *testing.T) []line {
	t.Helper()
	p := &prometheus{T: t, bin: program(t, "prometheus"), dir: t.TempDir()}
	p.run()
	var lines []line
	for _, text := range read(t, p.log()) {
		if l, ok := logfmtLine(text); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// logfmt is a member of a line.
var logfmt = regexp.MustCompile(`([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)`)

// logfmtLine reads a line, of 3.x or of those before. The line number is no part of the label: several places in a file
// write the same.
func logfmtLine(text string) (line, bool) {
	if !strings.HasPrefix(text, "ts=") && !strings.HasPrefix(text, "time=") { // a stack, when the damage makes it panic
		return line{}, false
	}
	var place, msg, rest string
	for _, m := range logfmt.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "ts", "time", "level":
		case "caller", "source":
			if place == "" { // else the caller is a value
				place, _, _ = strings.Cut(m[2], ":")
				continue
			}
			rest += " " + m[0]
		case "msg":
			msg = m[2]
			if unquoted, err := strconv.Unquote(msg); err == nil {
				msg = unquoted
			}
		default:
			rest += " " + m[0]
		}
	}
	if msg == "" { // what the machine is: the name is the message
		msg, _, _ = strings.Cut(strings.TrimSpace(rest), "=")
	}
	return line{place + ", " + msg, strings.TrimSpace(msg + rest)}, place != ""
}

type prometheus struct {
	*testing.T
	bin, dir string
	addr     string
	targets  *httptest.Server
}

func (p *prometheus) log() string { return filepath.Join(p.dir, "log") }

func (p *prometheus) write(name, content string) {
	require.NoError(p, os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600))
}

func (p *prometheus) start(port *freeport.Port, args ...string) *process {
	return start(p.T, p.log(), p.bin, append([]string{"--config.file=" + filepath.Join(p.dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(p.dir, "data"),
		"--web.listen-address=" + port.Addr(), "--log.level=debug", "--web.enable-lifecycle", "--web.enable-admin-api", "--rules.alert.resend-delay=100ms",
		"--query.max-concurrency=2", "--storage.remote.flush-deadline=100ms", "--query.max-samples=1000"}, args...)...)
}

// serve answers scrapes, each path in another way that is wrong.
func (p *prometheus) serve() {
	var mu sync.Mutex
	n := 0
	p.targets = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		i := n
		mu.Unlock()
		switch r.URL.Path {
		case "/metrics":
			_, _ = fmt.Fprintf(w, "requests_total %d\nsome{a=\"b\"} 1\nsome{a=\"c\"} 2\n", i)
		case "/clash":
			_, _ = fmt.Fprintf(w, "requests_total{job=\"x\",instance=\"y\"} %d\nrequests_total{job=\"x\",instance=\"y\"} %d\n", i, i+1)
		case "/odd":
			now := time.Now().UnixMilli()
			_, _ = fmt.Fprintf(w, "old 1 %d\nback 2 %d\nfuture 3 %d\n", 1000, now-int64(i%7)*500, now+100*3600*1000)
		case "/rubbish":
			_, _ = fmt.Fprintf(w, "%d = rubbish {\n", i)
		case "/slow":
			time.Sleep(time.Second)
		case "/refuse", "/api/v2/alerts":
			http.Error(w, fmt.Sprint("no, not ", i), []int{400, 500}[i%2])
		default:
			http.NotFound(w, r)
		}
	}))
	p.Cleanup(p.targets.Close)
}

// request sends one; what comes back does not matter.
func (p *prometheus) request(method, path string, query url.Values) {
	request, err := http.NewRequestWithContext(p.Context(), method, "http://"+p.addr+path+"?"+query.Encode(), nil)
	require.NoError(p, err)
	client := http.Client{Timeout: 3 * time.Second}
	if response, err := client.Do(request); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

func (p *prometheus) run() {
	p.serve()
	server, dead := port(p.T), port(p.T)
	p.addr = server.Addr()
	target := p.targets.Listener.Addr().String()
	for round := range 3 {
		p.write("prometheus.yml", fmt.Sprintf(prometheusConfig, round, dead.Number(), target))
		p.write("rules.yml", fmt.Sprintf(prometheusRules, round))
		p.write("sd1.yml", fmt.Sprintf("- targets: ['%s']\n  labels: {n: '%d'}\n", target, round))
		s := p.start(server)
		require.Eventually(p, func() bool {
			response, err := http.Get("http://" + p.addr + "/-/ready")
			if err != nil {
				return false
			}
			_ = response.Body.Close()
			return response.StatusCode == http.StatusOK
		}, 10*time.Second, 20*time.Millisecond)
		for _, query := range []string{"up", "up *", "up * on(nothing) some", fmt.Sprintf("vector(%d)", round), "rate(requests_total[1h:1ms])", "nothing"} {
			p.request("GET", "/api/v1/query", url.Values{"query": {query}})
		}
		p.request("POST", "/api/v1/admin/tsdb/snapshot", nil)
		p.request("POST", "/api/v1/admin/tsdb/delete_series", url.Values{"match[]": {"old"}})
		p.request("POST", "/api/v1/admin/tsdb/clean_tombstones", nil)
		p.request("GET", "/federate", url.Values{"match[]": {"up", "rubbish{"}})
		for i, content := range []string{
			"rubbish: [", "unknown: 1", "scrape_configs: [{job_name: a}, {job_name: a}]", fmt.Sprintf("rule_files: [bad%d.yml]", round),
			"remote_write: [{url: '::'}]", "global: {query_log_file: /nowhere/x}", fmt.Sprintf("scrape_configs: [{job_name: tls%d, tls_config: {ca_file: /nowhere/ca%d}}]", round, round),
		} {
			p.write(fmt.Sprintf("bad%d.yml", round), fmt.Sprintf("groups: [{name: x, rules: [{record: 'a b', expr: 'up %d %d'}]}, {name: x}]", i, round))
			p.write("prometheus.yml", content)
			p.request("POST", "/-/reload", nil)
		}
		p.write("prometheus.yml", fmt.Sprintf(prometheusConfig, round+10, dead.Number(), target))
		require.NoError(p, s.cmd.Process.Signal(syscall.SIGHUP))
		s.logged(p.T, "Completed loading of configuration file", 2*round+2)
		time.Sleep(2 * time.Second) // scrapes, rules and discoveries go wrong in several ways meanwhile; nothing waits for that
		p.again(dead)
		switch round {
		case 0:
			s.stop(syscall.SIGKILL)
		case 1:
			p.request("POST", "/-/quit", nil)
			s.stop(syscall.SIGTERM)
		default:
			s.stop(os.Interrupt)
		}
		p.damage(round)
	}
}

// again starts servers that end by themselves: on data and an address that are taken, and with arguments that are wrong.
func (p *prometheus) again(port *freeport.Port) {
	p.write("bad.yml", "rubbish: [")
	for _, args := range [][]string{
		{}, {"--web.listen-address=" + p.addr, "--storage.tsdb.path=" + filepath.Join(p.dir, "data2")}, {"--config.file=" + filepath.Join(p.dir, "bad.yml")},
		{"--config.file=/nowhere/x"}, {"--storage.tsdb.path=/proc/nowhere"}, {"--storage.tsdb.retention.size=1x"},
		{"--web.config.file=" + filepath.Join(p.dir, "bad.yml"), "--storage.tsdb.path=" + filepath.Join(p.dir, "data3")}, {"--enable-feature=rubbish,exemplar-storage", "--storage.tsdb.path=/proc/nowhere"},
	} {
		p.start(port, args...).ended(3 * time.Second)
	}
}

// damage makes the data wrong.
func (p *prometheus) damage(round int) {
	for _, pattern := range []string{"data/wal/0*", "data/chunks_head/*"} {
		files, err := filepath.Glob(filepath.Join(p.dir, pattern))
		require.NoError(p, err)
		for i, file := range files {
			if info, err := os.Stat(file); err == nil && info.Size() > 0 {
				f, err := os.OpenFile(file, os.O_WRONLY, 0)
				require.NoError(p, err)
				_, err = f.WriteAt([]byte("rubbish"), info.Size()/int64(2+i+round))
				require.NoError(p, err)
				require.NoError(p, f.Close())
			}
		}
	}
	block := filepath.Join(p.dir, "data", fmt.Sprintf("01BKGV7JBM69T2G1BGBGM6KB1%d", round))
	require.NoError(p, os.MkdirAll(block, 0o755))
	require.NoError(p, os.WriteFile(filepath.Join(block, "meta.json"), []byte("rubbish"), 0o600))
}
