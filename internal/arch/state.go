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
		if !ok || v.Name() == "_" || !ofPackage(v) {
			continue
		}
		vars[v] = true
		switch {
		case isError(v.Type()):
		case v.Exported():
			h.addf("state", h.at(id.Pos()), "everybody can change the variable %s; make it a function or a constant", v.Name())
		case !fixed(v.Type()) && !table(v.Type()):
			h.addf("state", h.at(id.Pos()), "the variable %s is made to be changed; let an owner have it", v.Name())
		}
	}
	w := writes{k.info, func(at ast.Node, v types.Object) {
		h.addf("state", h.at(at.Pos()), "writes to the package's variable %s; let an owner have it", v.Name())
	}}
	for _, f := range k.files {
		ast.Inspect(f, w.visit)
		ast.PreorderStack(f, nil, func(n ast.Node, above []ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && vars[k.info.Uses[id]] && shared(k.info, id, above) {
				h.addf("state", h.at(id.Pos()), "gives away the package's variable %s, so that others can change it; make it a function", id.Name)
			}
			return true
		})
	}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// fixed says whether a copy of a value has nothing in it through which the value could be changed.
func fixed(t types.Type) bool {
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil {
		switch named.Obj().Pkg().Path() {
		case "sync", "sync/atomic":
			return false
		case "embed":
			return true // files that are part of the program
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer
	case *types.Interface:
		return isError(t)
	case *types.Pointer:
		return slices.Contains([]string{"regexp.Regexp", "time.Location", "log/slog.Logger", "strings.Replacer"}, types.TypeString(u.Elem(), nil))
	case *types.Array:
		return fixed(u.Elem())
	case *types.Struct:
		for field := range u.Fields() {
			if !fixed(field.Type()) {
				return false
			}
		}
		return true
	}
	return false
}

// table says whether the type is a map or slice of fixed values, which may be a variable as long as it is only read.
func table(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return fixed(u.Elem())
	case *types.Map:
		return fixed(u.Key()) && fixed(u.Elem())
	}
	return false
}

// writes finds where the variable of a package, this one or another, is written to or its address taken.
type writes struct {
	info  *types.Info
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
			if v := w.info.Uses[x.Sel]; ofPackage(v) {
				w.found(x, v)
				return
			}
			e = x.X
		case *ast.Ident:
			if v := w.info.Uses[x]; ofPackage(v) {
				w.found(x, v)
			}
			return
		default:
			return
		}
	}
}

// ofPackage says whether obj is a package's variable.
func ofPackage(obj types.Object) bool {
	v, ok := obj.(*types.Var)
	return ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
