package arch

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// layering checks what the package imports of its own module.
func (h *house) layering(k *pkg) {
	if t := top(k.rel); t != "internal" && !slices.Contains(h.Packages, t) {
		h.addf("layering", k.rel, "is below none of the top-level packages; those are listed in internal/arch")
	}
	for _, path := range k.imports() {
		rel, own := strings.CutPrefix(path, h.Module+"/")
		if !own {
			continue
		}
		from, to := top(k.rel), top(rel)
		switch {
		case h.suite(rel) && !h.suite(k.rel):
			h.addf("layering", k.rel, "imports the conformance suite %s, which only tests may", rel)
		case !slices.Contains(h.Packages, to):
		case from != to:
			h.addf("layering", k.rel, "imports %s; let the application compose them, or share through internal/", rel)
		case slices.Contains(h.Parts, k.rel) && rel != k.rel:
			h.addf("layering", k.rel, "imports %s, but is a part of its parent, and imports nothing of the module", rel)
		case strings.HasPrefix(rel, k.rel+"/") && !slices.Contains(h.Parts, rel):
			h.addf("layering", k.rel, "imports %s, which is below it", rel)
		}
	}
}

// imports returns what the package imports on any platform.
func (k *pkg) imports() []string {
	paths := slices.Clone(k.Imports)
	for _, f := range k.other {
		for _, s := range f.Imports {
			path, _ := strconv.Unquote(s.Path.Value)
			paths = append(paths, path)
		}
	}
	return paths
}

// builds checks which modules and standard packages end up in the package's build.
func (h *house) builds(k *pkg) {
	granted := h.granted(k.rel)
	for _, path := range k.Deps {
		d := h.all[path]
		switch {
		case d == nil:
		case d.ImportPath == "testing" && !h.suite(k.rel):
			h.addf("tests", k.rel, "its build contains testing")
		case d.Standard || d.Module == nil || d.Module.Path == h.Module:
		case !h.suite(k.rel) && (d.Module.Path == "github.com/stretchr/testify" || d.Module.Path == "go.uber.org/goleak"):
			h.addf("tests", k.rel, "its build contains %s", d.Module.Path)
		case !slices.Contains(granted, d.Module.Path):
			h.addf("modules", k.rel, "its build contains %s, which is not granted to it; put it into a nested module", d.Module.Path)
		}
	}
}

// granted returns the modules that the package or its nearest listed parent may use.
func (h *house) granted(rel string) []string {
	for {
		if modules, ok := h.Modules[rel]; ok {
			return modules
		}
		i := strings.LastIndexByte(rel, '/')
		if i < 0 {
			return nil
		}
		rel = rel[:i]
	}
}

// inits checks for code that runs because a package is imported.
func (h *house) inits(k *pkg) {
	for _, f := range slices.Concat(k.files, k.other) {
		for _, group := range f.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname ") {
					h.addf("linker", h.at(c.Pos()), "go:linkname reaches into another package")
				}
			}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				h.addf("init", h.at(fn.Pos()), "init runs although nobody asked; use a constructor")
			}
		}
		for _, s := range f.Imports {
			path, _ := strconv.Unquote(s.Path.Value)
			switch {
			case path == "C":
				h.addf("cgo", h.at(s.Pos()), "the package must build without a C compiler")
			case s.Name != nil && s.Name.Name == "_" && path != "embed":
				h.addf("init", h.at(s.Pos()), "imports %s for its side effects", path)
			case path == "text/template" || path == "html/template":
				h.addf("linker", h.at(s.Pos()), "%s keeps every exported method of the program", path)
			}
		}
	}
}
