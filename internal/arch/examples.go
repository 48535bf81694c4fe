package arch

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"path/filepath"
	"slices"
	"strings"
)

// examples checks that every exported type of a package that users import has an Example, and that tests run it.
func (h *house) examples(k *pkg) error {
	if !slices.Contains(h.Packages, top(k.rel)) || h.suite(k.rel) {
		return nil
	}
	var tests []*ast.File
	for _, name := range slices.Concat(k.TestGoFiles, k.XTestGoFiles) {
		f, err := parser.ParseFile(h.fset, filepath.Join(k.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		tests = append(tests, f)
	}
	shown := make(map[string]bool)
	for _, e := range doc.Examples(tests...) {
		of, _, _ := strings.Cut(e.Name, "_")
		shown[of] = true // "Pool" in ExamplePool, ExamplePool_suffix and ExamplePool_Acquire
		if e.Output == "" && !e.EmptyOutput && e.Doc == "" {
			h.addf("examples", h.at(e.Code.Pos()), "Example%s has no Output, so no test runs it; say in its comment why, if it cannot have one", e.Name)
		}
	}
	for _, f := range k.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if t, ok := n.(*ast.TypeSpec); ok && t.Name.IsExported() && !shown[t.Name.Name] {
				h.addf("examples", h.at(t.Pos()), "%s has no Example", t.Name.Name)
			}
			_, inside := n.(*ast.FuncDecl)
			return !inside
		})
	}
	return nil
}
