package arch

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Violation is a broken rule.
type Violation struct {
	Rule  string // see the package documentation
	Where string // file:line, a package or go.mod, relative to the root
	What  string // what is wrong, and what to do
}

// String returns all on one line.
func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Where, v.Rule, v.What) }

// Check returns every violation in the module whose go.mod is in root, and in the nested modules below it. The error says
// why a module could not be examined: it must build.
func Check(ctx context.Context, root string, p Policy) ([]Violation, error) {
	h, err := load(ctx, root, root, p)
	if err != nil {
		return nil, err
	}
	if err := h.packages(); err != nil {
		return nil, err
	}
	for _, k := range h.own {
		h.builds(k)
	}
	if err := h.modules(ctx); err != nil {
		return nil, err
	}
	if err := h.sizes(); err != nil {
		return nil, err
	}
	if err := h.readme(); err != nil {
		return nil, err
	}
	slices.SortFunc(h.found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What))
	})
	return slices.Compact(h.found), nil
}

// packages checks what holds for the packages of every module that users import.
func (h *house) packages() error {
	for _, k := range h.own {
		h.layering(k)
		h.inits(k)
		h.initials(k)
		h.goroutines(k)
		h.state(k)
		h.calls(k)
		h.docs(k)
		if err := h.examples(k); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) addf(rule, where, format string, args ...any) {
	h.found = append(h.found, Violation{rule, where, fmt.Sprintf(format, args...)})
}

// at names a position relative to the root.
func (h *house) at(p token.Pos) string {
	pos := h.fset.Position(p)
	return fmt.Sprintf("%s:%d", h.relative(pos.Filename), pos.Line)
}

func (h *house) relative(path string) string {
	if rel, err := filepath.Rel(h.root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// top returns the first element of a path below the module.
func top(rel string) string {
	first, _, _ := strings.Cut(rel, "/")
	return first
}

// within says whether a path is one of dirs or below it.
func within(rel string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return rel == d || strings.HasPrefix(rel, d+"/") })
}

// suite says whether the package is a conformance suite, which users import in their tests.
func (h *house) suite(rel string) bool {
	return slices.Contains(h.Packages, top(rel)) && strings.HasSuffix(rel, "test")
}
