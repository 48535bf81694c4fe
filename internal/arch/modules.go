package arch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
			return h.nested(ctx, filepath.Dir(path))
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

// nested checks a module that users import beside the root: its packages keep the rules of the root's, and its releases
// must not depend on the root's insides.
func (h *house) nested(ctx context.Context, dir string) error {
	n, err := load(ctx, h.root, dir, h.Policy)
	if err != nil {
		return err
	}
	for _, k := range n.own {
		for _, path := range k.imports() {
			if strings.HasPrefix(path, h.Module+"/internal/") {
				n.addf("modules", k.rel, "a nested module imports %s", path)
			}
		}
	}
	if err := n.packages(); err != nil {
		return err
	}
	h.found = append(h.found, n.found...)
	return nil
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
