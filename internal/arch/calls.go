package arch

import (
	"go/types"
	"slices"
)

// calls checks for uses of functions that only some packages may use.
func (h *house) calls(k *pkg) {
	for id, obj := range k.info.Uses {
		fn, ok := obj.(*types.Func)
		if !ok || fn.Pkg() == nil {
			continue
		}
		switch name := fn.Name(); fn.Pkg().Path() {
		case "os/signal":
			if !within(k.rel, h.Signals) {
				h.addf("signals", h.at(id.Pos()), "signals belong to the application; it may use metrics/lifecycle")
			}
		case "os":
			if slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, name) && !within(k.rel, h.Environment) {
				h.addf("environment", h.at(id.Pos()), "os.%s: take a Config instead", name)
			}
		case "reflect":
			if name == "MethodByName" {
				h.addf("linker", h.at(id.Pos()), "reflect's MethodByName keeps every exported method of the program")
			}
		}
	}
}
