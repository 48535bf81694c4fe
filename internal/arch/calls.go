package arch

import (
	"go/types"
	"slices"
)

// global are functions that change what the whole process shares.
var global = [...]string{
	"os.Setenv", "os.Unsetenv", "os.Clearenv", "os.Chdir", "syscall.Setenv", "syscall.Unsetenv", "syscall.Clearenv", "syscall.Chdir",
	"log/slog.SetDefault", "log/slog.SetLogLoggerLevel", "log.SetOutput", "log.SetFlags", "log.SetPrefix",
	"net/http.Handle", "net/http.HandleFunc", "expvar.Publish", "runtime.GOMAXPROCS", "runtime/debug.SetGCPercent", "runtime/debug.SetMemoryLimit",
}

// calls checks for uses of functions that only some packages may use, or none.
func (h *house) calls(k *pkg) {
	for id, obj := range k.info.Uses {
		fn, ok := obj.(*types.Func)
		if !ok || fn.Pkg() == nil {
			continue
		}
		if slices.Contains(global[:], fn.FullName()) {
			h.addf("state", h.at(id.Pos()), "%s changes what the whole process shares; leave that to the application", fn.FullName())
		}
		switch name := fn.Name(); fn.Pkg().Path() {
		case "os/signal":
			if !within(k.rel, h.Signals) {
				h.addf("signals", h.at(id.Pos()), "signals belong to the application; it may use metrics/lifecycle")
			}
		case "os", "syscall":
			if slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, name) && !within(k.rel, h.Environment) {
				h.addf("environment", h.at(id.Pos()), "%s: take a Config instead", fn.FullName())
			}
		case "reflect":
			if name == "MethodByName" || name == "Method" {
				h.addf("linker", h.at(id.Pos()), "reflect's %s keeps every exported method of the program", name)
			}
		}
	}
}
