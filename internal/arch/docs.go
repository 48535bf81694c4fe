package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// docs checks that everything a user can name is explained.
func (h *house) docs(k *pkg) {
	files := slices.Concat(k.files, k.other)
	if k.Name != "main" && !slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc.Text() != "" }) {
		h.addf("docs", k.rel, "the package has no documentation")
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) {
					h.explained(d, d.Name.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					h.spec(d, s)
				}
			}
		}
	}
}

// spec checks one type, or the names of one line of constants or variables; a group's comment explains all of it.
func (h *house) spec(d *ast.GenDecl, s ast.Spec) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return
		}
		h.explained(s, s.Name.Name, d.Doc, s.Doc)
		switch t := s.Type.(type) {
		case *ast.InterfaceType:
			h.fields(s.Name.Name, t.Methods)
		case *ast.StructType:
			if strings.HasSuffix(s.Name.Name, "Config") {
				h.fields(s.Name.Name, t.Fields)
			}
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() {
				h.explained(name, name.Name, d.Doc, s.Doc, s.Comment)
			}
		}
	}
}

// fields checks the fields of a struct or the methods of an interface. Several in a row share the comment of the first.
func (h *house) fields(of string, list *ast.FieldList) {
	var last token.Pos
	shared := false
	for _, f := range list.List {
		own := f.Doc.Text() != "" || f.Comment.Text() != ""
		together := shared && h.fset.Position(f.Pos()).Line == h.fset.Position(last).Line+1
		shared, last = own || together, f.End()
		for _, name := range f.Names {
			if name.IsExported() && !shared {
				h.explained(name, of+"."+name.Name)
			}
		}
	}
}

func (h *house) explained(at ast.Node, name string, comments ...*ast.CommentGroup) {
	if !slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c.Text() != "" }) {
		h.addf("docs", h.at(at.Pos()), "%s is not documented", name)
	}
}

// exportedReceiver says whether a function is not a method of something unexported.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
