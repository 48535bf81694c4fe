package arch

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// state checks the package's variables.
func (h *house) state(k *pkg) {
	vars := make(map[types.Object]bool)
	for id, obj := range k.info.Defs {
		v, ok := obj.(*types.Var)
		if !ok || v.Name() == "_" || v.Parent() != v.Pkg().Scope() {
			continue
		}
		vars[v] = true
		switch {
		case isError(v.Type()):
		case v.Exported():
			h.addf("state", h.at(id.Pos()), "everybody can change the variable %s; make it a function or a constant", v.Name())
		case changing(v.Type()):
			h.addf("state", h.at(id.Pos()), "the variable %s is made to be changed; let an owner have it", v.Name())
		}
	}
	w := writes{k.info, vars, func(at ast.Node, v types.Object) {
		h.addf("state", h.at(at.Pos()), "writes to the package's variable %s; let an owner have it", v.Name())
	}}
	for _, f := range k.files {
		ast.Inspect(f, w.visit)
	}
}

func isError(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// changing says whether values of the type exist to be changed.
func changing(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Chan, *types.Signature:
		return true
	case *types.Pointer:
		name := types.TypeString(u.Elem(), nil)
		return !slices.Contains([]string{"regexp.Regexp", "time.Location", "log/slog.Logger"}, name)
	case *types.Struct:
		if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil {
			if p := named.Obj().Pkg().Path(); p == "sync" || p == "sync/atomic" {
				return true
			}
		}
		for field := range u.Fields() {
			if _, pointer := field.Type().Underlying().(*types.Pointer); !pointer && changing(field.Type()) {
				return true
			}
		}
	case *types.Array:
		return changing(u.Elem())
	}
	return false
}

// writes finds where one of vars is written to or its address taken.
type writes struct {
	info  *types.Info
	vars  map[types.Object]bool
	found func(at ast.Node, v types.Object)
}

func (w writes) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, e := range n.Lhs {
				w.target(e)
			}
		}
	case *ast.IncDecStmt:
		w.target(n.X)
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			w.target(n.Key)
			w.target(n.Value)
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			w.target(n.X)
		}
	case *ast.SelectorExpr:
		// A method with a pointer receiver on a variable takes its address.
		if s := w.info.Selections[n]; s != nil && s.Kind() == types.MethodVal && !isPointer(s.Recv()) {
			if recv := s.Obj().(*types.Func).Signature().Recv(); recv != nil && isPointer(recv.Type()) {
				w.target(n.X)
			}
		}
	case *ast.CallExpr:
		id, ok := n.Fun.(*ast.Ident)
		if !ok || len(n.Args) == 0 {
			break
		}
		if b, ok := w.info.Uses[id].(*types.Builtin); ok && slices.Contains([]string{"delete", "clear", "copy"}, b.Name()) {
			w.target(n.Args[0])
		}
	}
	return true
}

// target reports the variable that an expression is part of.
func (w writes) target(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if w.vars[w.info.Uses[x.Sel]] {
				w.found(x, w.info.Uses[x.Sel])
				return
			}
			e = x.X
		case *ast.Ident:
			if v := w.info.Uses[x]; w.vars[v] {
				w.found(x, v)
			}
			return
		default:
			return
		}
	}
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
