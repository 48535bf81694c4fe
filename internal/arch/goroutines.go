package arch

import (
	"go/ast"
	"go/types"
	"slices"
)

// goroutines checks that only packages that say who ends theirs start any.
func (h *house) goroutines(k *pkg) {
	if h.Goroutines[k.rel] != "" {
		return
	}
	found := func(at ast.Node) {
		h.addf("goroutines", h.at(at.Pos()), "starts a goroutine; internal/arch lists the packages that may, with who ends theirs")
	}
	for _, f := range slices.Concat(k.files, k.other) {
		ast.Inspect(f, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				found(g)
			}
			return true
		})
	}
	for id, obj := range k.info.Uses {
		fn, ok := obj.(*types.Func)
		if ok && slices.Contains([]string{"(*sync.WaitGroup).Go", "time.AfterFunc", "context.AfterFunc"}, fn.FullName()) {
			found(id)
		}
	}
}
