package arch

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// initial are the functions that may be called for the value of a package's variable: they do nothing else.
var initial = [...]string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer"}

// initials checks that nothing runs for the values of the package's variables, which would be an init by another name.
func (h *house) initials(k *pkg) {
	for _, f := range k.files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				ast.Inspect(g, func(n ast.Node) bool { return h.initial(k, n) })
			}
		}
	}
}

func (h *house) initial(k *pkg, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncLit:
		return false // runs when it is called
	case *ast.CallExpr:
		if f := k.info.Types[n.Fun]; f.IsType() || f.IsBuiltin() {
			return true
		}
		if fn := callee(k.info, n); fn == nil || !slices.Contains(initial[:], fn.FullName()) {
			h.addf("init", h.at(n.Pos()), "a call that runs although nobody asked; use a constructor")
		}
	}
	return true
}

// callee returns the function or method that is called, nil when it is none that has a name.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	e := ast.Unparen(call.Fun)
	if generic, ok := e.(*ast.IndexExpr); ok {
		e = generic.X
	}
	switch e := e.(type) {
	case *ast.Ident:
		fn, _ := info.Uses[e].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := info.Uses[e.Sel].(*types.Func)
		return fn
	}
	return nil
}
