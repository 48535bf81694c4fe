package arch

import (
	"os"
	"path/filepath"
	"strings"
)

// readme checks that every Go snippet of the README is code that is compiled: its lines stand, as they are, in a Go file.
func (h *house) readme() error {
	text, err := os.ReadFile(filepath.Join(h.root, "README.md"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	missing := make(map[string]bool)
	for i, part := range strings.Split(string(text), "\n```") {
		if snippet, ok := strings.CutPrefix(part, "go\n"); ok && i > 0 {
			missing[snippet+"\n"] = true
		}
	}
	err = h.walk(".go", func(path string) error {
		code, err := os.ReadFile(path)
		for snippet := range missing {
			if strings.Contains(string(code), "\n"+snippet) {
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
