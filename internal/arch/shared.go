package arch

import (
	"go/ast"
	"go/types"
	"slices"
)

// readers are functions that neither change nor keep the maps and slices they are given.
var readers = [...]string{
	"slices.Contains", "slices.ContainsFunc", "slices.Index", "slices.IndexFunc", "slices.BinarySearch", "slices.Equal",
	"slices.Clone", "slices.Concat", "slices.Sorted", "slices.Values", "slices.All", "slices.Max", "slices.Min",
	"maps.Keys", "maps.Values", "maps.All", "maps.Clone", "maps.Equal", "strings.Join",
}

// shared says whether the use of a variable, an identifier below the nodes above it, hands out the map or slice that it
// holds, or a slice of the array that it is. Elements, loops, lengths and [readers] do not.
func shared(info *types.Info, id *ast.Ident, above []ast.Node) bool {
	var e ast.Expr = id
	_, array := info.Uses[id].Type().Underlying().(*types.Array)
	sliced, whole := false, false // of an array
	for _, parent := range slices.Backward(above) {
		switch n := parent.(type) {
		case *ast.ParenExpr:
			e = n
			continue
		case *ast.SliceExpr:
			if n.X == e {
				sliced, whole = true, array && n.Low == nil && n.High == nil && n.Max == nil
				e = n
				continue
			}
		}
		if array && !sliced || !array && !table(info.Uses[id].Type()) {
			return false // a copy
		}
		return !reads(info, parent, e, whole)
	}
	return false
}

// reads says whether n only reads e. A whole array has no room for what is appended to a slice of it.
func reads(info *types.Info, n ast.Node, e ast.Expr, whole bool) bool {
	switch n := n.(type) {
	case *ast.IndexExpr:
		return n.X == e
	case *ast.RangeStmt:
		return n.X == e
	case *ast.BinaryExpr:
		return true
	case *ast.CallExpr:
		if fn := callee(info, n); fn != nil {
			return slices.Contains(readers[:], fn.FullName())
		}
		name, ok := ast.Unparen(n.Fun).(*ast.Ident)
		if !ok || !info.Types[n.Fun].IsBuiltin() {
			return false
		}
		switch name.Name {
		case "append":
			return n.Args[0] != e || whole
		case "len", "cap", "copy", "delete", "clear": // writes has those that write
			return true
		}
	}
	return false
}
