package arch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a package as the go command describes it.
type pkg struct {
	ImportPath, Dir, Name, Export            string
	GoFiles, CgoFiles, IgnoredGoFiles        []string
	TestGoFiles, XTestGoFiles, Imports, Deps []string
	TestImports, XTestImports                []string
	DepOnly, Standard                        bool
	Module                                   *struct{ Path string }
	Error                                    *struct{ Err string }

	rel   string      // path below the module, "." for its root
	files []*ast.File // of GoFiles
	other []*ast.File // of CgoFiles and IgnoredGoFiles
	info  *types.Info // of files
}

// house is a loaded module, the root or one that is nested.
type house struct {
	Policy
	root  string
	fset  *token.FileSet
	own   []*pkg          // the module's packages
	all   map[string]*pkg // and their dependencies, by import path
	found []Violation
}

// load lists, parses and type-checks the module in dir, which is root or below it.
func load(ctx context.Context, root, dir string, p Policy) (*house, error) {
	out, err := command(ctx, dir, "list", "-e", "-deps", "-export", "-json", "./...")
	if err != nil {
		return nil, err
	}
	h := &house{Policy: p, root: root, fset: token.NewFileSet(), all: make(map[string]*pkg)}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var k pkg
		if err := dec.Decode(&k); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("arch: output of go list: %w", err)
		}
		h.all[k.ImportPath] = &k
		if k.DepOnly {
			continue
		}
		if k.Error != nil {
			return nil, fmt.Errorf("arch: %s: %s", k.ImportPath, k.Error.Err)
		}
		k.rel = strings.TrimPrefix(strings.TrimPrefix(k.ImportPath, p.Module), "/")
		h.own = append(h.own, &k)
	}
	imports := importer.ForCompiler(h.fset, "gc", func(path string) (io.ReadCloser, error) {
		if k := h.all[path]; k != nil && k.Export != "" {
			return os.Open(k.Export)
		}
		return nil, fmt.Errorf("arch: no export data of %s", path)
	})
	for _, k := range h.own {
		if err := h.parse(k, imports); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// parse reads the package's files and finds out the types of those that are built here.
func (h *house) parse(k *pkg, imports types.Importer) error {
	read := func(names []string) (files []*ast.File, err error) {
		for _, name := range names {
			f, err := parser.ParseFile(h.fset, filepath.Join(k.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		return files, nil
	}
	var err error
	if k.files, err = read(k.GoFiles); err != nil {
		return err
	}
	if k.other, err = read(slices.Concat(k.CgoFiles, k.IgnoredGoFiles)); err != nil {
		return err
	}
	k.info = &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	cfg := types.Config{Importer: imports}
	_, err = cfg.Check(k.ImportPath, h.fset, k.files, k.info)
	return err
}

// command runs the go command on the module in dir alone, outside any workspace.
func command(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("arch: go %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
