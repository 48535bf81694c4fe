package arch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// modules checks the requirements of the root module, and the imports of the nested ones.
func (h *house) modules(ctx context.Context) error {
	out, err := command(ctx, h.root, "mod", "edit", "-json")
	if err != nil {
		return err
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("arch: output of go mod edit: %w", err)
	}
	for _, r := range mod.Require {
		if h.Requirements[r.Path] == "" && (!r.Indirect || h.imported(r.Path)) {
			h.addf("modules", "go.mod", "requires %s, which has no reason in internal/arch", r.Path)
		}
	}
	for _, t := range mod.Tool {
		h.addf("modules", "go.mod", "has the tool %s, whose requirements users would inherit; run it by its version", t.Path)
	}
	return h.walk("go.mod", func(path string) error {
		if dir := h.relative(filepath.Dir(path)); dir != "." && !within(dir, h.Inward) {
			return h.nested(filepath.Dir(path))
		}
		return nil
	})
}

// imported says whether a package or test of the root module imports one of the module, whatever go.mod says about it.
func (h *house) imported(module string) bool {
	return slices.ContainsFunc(h.own, func(k *pkg) bool {
		return slices.ContainsFunc(slices.Concat(k.imports(), k.TestImports, k.XTestImports), func(path string) bool { return within(path, []string{module}) })
	})
}

// nested checks a module that users import beside the root: its releases must not depend on the root's insides.
func (h *house) nested(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, s := range f.Imports {
			if strings.HasPrefix(s.Path.Value, `"`+h.Module+"/internal/") {
				h.addf("modules", fmt.Sprintf("%s:%d", h.relative(path), fset.Position(s.Pos()).Line), "a nested module imports %s", s.Path.Value)
			}
		}
		return nil
	})
}

// sizes checks the lengths of all Go files, those of tests and nested modules included.
func (h *house) sizes() error {
	return h.walk(".go", func(path string) error {
		text, err := os.ReadFile(path)
		if n := bytes.Count(text, []byte("\n")); n > h.MaxLines {
			h.addf("size", h.relative(path), "has %d lines, %d are allowed; one idea per file", n, h.MaxLines)
		}
		return err
	})
}

// walk visits the files below the root whose names end in suffix.
func (h *house) walk(suffix string, visit func(path string) error) error {
	return filepath.WalkDir(h.root, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != h.root && (strings.HasPrefix(name, ".") || name == "testdata"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, suffix):
			return visit(path)
		}
		return nil
	})
}
