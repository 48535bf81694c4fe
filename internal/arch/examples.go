package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// example finds the name that an Example is of: "Pool" in ExamplePool, ExamplePool_suffix and ExamplePool_Acquire.
var example = regexp.MustCompile(`(?m)^func Example([A-Za-z0-9]*)(?:_\w+)?\(\)`)

// examples checks that every exported type of a package that users import has an Example, which tests run.
func (h *house) examples(k *pkg) error {
	if !slices.Contains(h.Packages, top(k.rel)) || h.suite(k.rel) {
		return nil
	}
	shown := make(map[string]bool)
	for _, name := range slices.Concat(k.TestGoFiles, k.XTestGoFiles) {
		text, err := os.ReadFile(filepath.Join(k.Dir, name))
		if err != nil {
			return err
		}
		for _, m := range example.FindAllSubmatch(text, -1) {
			shown[string(m[1])] = true
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
