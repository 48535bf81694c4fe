package admin

import (
	"context"
	"net/http"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"strings"
	"time"
)

// build is what the linker wrote into the program.
type build struct{ info *debug.BuildInfo }

func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return build{info}
}

// name returns the last part of the main package's path.
func (b build) name() string {
	if b.info.Path == "" {
		return "service"
	}
	return path.Base(b.info.Path)
}

// version returns that of the main module, or the revision that it was built from.
func (b build) version() string {
	if v := b.info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision := b.setting("vcs.revision")
	if revision == "" {
		return "unknown"
	}
	revision = revision[:min(len(revision), 12)]
	if b.setting("vcs.modified") == "true" {
		revision += ", modified"
	}
	return revision
}

func (b build) setting(key string) string {
	for _, s := range b.info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// settings returns all settings but those that may carry secrets: linker flags set variables.
func (b build) settings() map[string]string {
	all := make(map[string]string, len(b.info.Settings))
	for _, s := range b.info.Settings {
		if s.Key == "-ldflags" && strings.Contains(s.Value, "-X") {
			s.Value = masked
		}
		all[s.Key] = s.Value
	}
	return all
}

type infoAnswer struct {
	Service     string            `json:"service"`
	Version     string            `json:"version"`
	Environment string            `json:"environment"`
	Revision    string            `json:"revision"`
	RevisionAt  string            `json:"revision_time"`
	Modified    bool              `json:"modified"`
	Go          string            `json:"go"`
	Platform    string            `json:"platform"`
	Main        string            `json:"main_package"`
	Module      string            `json:"main_module"`
	Modules     int               `json:"modules"`
	Process     processAnswer     `json:"process"`
	Build       map[string]string `json:"build"`
}

type processAnswer struct {
	Host        string    `json:"host"`
	ID          int       `json:"pid"`
	Started     time.Time `json:"started"`
	Uptime      float64   `json:"uptime_seconds"`
	CPUs        int       `json:"cpus"`
	Procs       uint64    `json:"gomaxprocs"`
	MemoryLimit uint64    `json:"memory_limit_bytes,omitempty"` // GOMEMLIMIT
	Heap        uint64    `json:"heap_bytes"`
	Goroutines  int       `json:"goroutines"`
	GCs         uint64    `json:"gc_cycles"`
}

// info tells what runs.
func (h *Handler) info(context.Context) (any, error) {
	host, _ := os.Hostname() // empty when it is not known
	figures := []runtimemetrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}, {Name: "/sched/gomaxprocs:threads"}, {Name: "/gc/gomemlimit:bytes"}}
	runtimemetrics.Read(figures)
	p := processAnswer{
		Host: host, ID: os.Getpid(), Started: h.began.UTC(), Uptime: time.Since(h.began).Seconds(), CPUs: runtime.NumCPU(), Procs: figures[2].Value.Uint64(),
		Heap: figures[0].Value.Uint64(), Goroutines: runtime.NumGoroutine(), GCs: figures[1].Value.Uint64(),
	}
	if limit := figures[3].Value.Uint64(); limit < 1<<62 {
		p.MemoryLimit = limit
	}
	return infoAnswer{
		Service: h.cfg.Service, Version: h.cfg.Version, Environment: h.cfg.Environment, Revision: h.build.setting("vcs.revision"),
		RevisionAt: h.build.setting("vcs.time"), Modified: h.build.setting("vcs.modified") == "true", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Main: h.build.info.Path, Module: h.build.info.Main.Path, Modules: len(h.build.info.Deps),
		Process: p, Build: h.build.settings(),
	}, nil
}

// The parts of a CycloneDX document that the build information fills. https://cyclonedx.org/docs/1.6/json/
type (
	bom struct {
		Format   string      `json:"bomFormat"`
		Spec     string      `json:"specVersion"`
		Version  int         `json:"version"`
		Metadata bomMeta     `json:"metadata"`
		Parts    []component `json:"components"`
	}
	bomMeta struct {
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		PURL    string `json:"purl"`
	}
)

// sbom lists the modules that are in the program.
func (h *Handler) sbom(w http.ResponseWriter, r *http.Request) {
	if !allowed(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	main := moduleOf("application", &h.build.info.Main)
	std := debug.Module{Path: "std", Version: strings.TrimPrefix(runtime.Version(), "go")}
	b := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: bomMeta{main}, Parts: []component{moduleOf("library", &std)}}
	for _, m := range h.build.info.Deps {
		if r := m.Replace; r != nil && r.Version != "" { // one without is a folder
			m = r
		}
		b.Parts = append(b.Parts, moduleOf("library", m))
	}
	w.Header().Set("Content-Type", "application/vnd.cyclonedx+json; version=1.6")
	writeJSON(w, http.StatusOK, b)
}

func moduleOf(kind string, m *debug.Module) component {
	c := component{Type: kind, Name: m.Path, PURL: "pkg:golang/" + m.Path}
	if m.Version != "(devel)" && m.Version != "" {
		c.Version = m.Version
		c.PURL += "@" + strings.ReplaceAll(m.Version, "+", "%2B")
	}
	c.Ref = c.PURL
	return c
}
