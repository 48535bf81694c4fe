package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// readme checks that every Go snippet of the README is code that is compiled: its lines stand, as they are, in a Go file,
// and not as a comment or a string there.
func (h *house) readme() error {
	text, err := os.ReadFile(filepath.Join(h.root, "README.md"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	missing := snippets(string(text))
	err = h.walk(".go", func(path string) error {
		code, err := os.ReadFile(path)
		for snippet := range missing {
			if strings.Contains(string(code), "\n"+snippet) && isCode(code, snippet) {
				delete(missing, snippet)
			}
		}
		return err
	})
	for snippet := range missing {
		first, _, _ := strings.Cut(strings.TrimSpace(snippet), "\n")
		h.addf("readme", "README.md", "the snippet that begins with %q is in no Go file", first)
	}
	return err
}

// snippets returns what stands between fences whose language is Go.
func snippets(text string) map[string]bool {
	found := make(map[string]bool)
	fence, language, snippet := "", "", ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence != "" && trimmed != "" && strings.Trim(trimmed, fence[:1]) == "" && len(trimmed) >= len(fence):
			if language == "go" || language == "golang" {
				found[snippet] = true
			}
			fence = ""
		case fence != "":
			snippet += line
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			info := strings.TrimLeft(trimmed, trimmed[:1])
			fence = trimmed[:len(trimmed)-len(info)]
			language, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(info)), " ")
			snippet = ""
		}
	}
	return found
}

// isCode says whether a snippet stands somewhere in a file without being a part of one comment or string.
func isCode(code []byte, snippet string) bool {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", code, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	start := fset.File(f.Pos()).Pos(0)
	for at := 0; ; at++ {
		next := strings.Index(string(code[at:]), "\n"+snippet)
		if next < 0 {
			return false
		}
		at += next
		from := start + token.Pos(at+1)
		to := from + token.Pos(len(strings.TrimRight(snippet, "\n")))
		quoted := false
		see := func(n ast.Node) bool {
			switch n.(type) {
			case *ast.CommentGroup, *ast.BasicLit:
				quoted = quoted || n.Pos() <= from && to <= n.End()
			}
			return true
		}
		ast.Inspect(f, see)
		for _, group := range f.Comments {
			see(group)
		}
		if !quoted {
			return true
		}
	}
}
