package checks

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// group is the memory of a control group, in bytes.
type group struct{ limit, used float64 }

// unlimited: version 1 says "no limit" by a number close to 2⁶³.
const unlimited = 1 << 60

// groups returns the limited memory groups that this process is in, its own first, then the ancestors: whichever is full
// first ends it. Empty when nothing limits it. Sources: Linux, Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst.
func groups(root string) []group {
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil
	}
	var found []group
	for line := range strings.Lines(string(text)) { // 0::/path, or 4:memory:/path
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch {
		case fields[0] == "0" && fields[1] == "":
			found = append(found, ancestors(filepath.Join(root, "sys/fs/cgroup"), fields[2], "memory.max", "memory.current", "inactive_file ")...)
		case strings.Contains(","+fields[1]+",", ",memory,"):
			found = append(found, ancestors(filepath.Join(root, "sys/fs/cgroup/memory"), fields[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")...)
		}
	}
	return found
}

// ancestors reads the group at dir below mount, and those above it. In a container the path may be the host's, which does
// not exist here: the walk then ends at the mount, which is the container's own group.
func ancestors(mount, dir, limitFile, usedFile, cacheField string) []group {
	var found []group
	for {
		at := filepath.Join(mount, dir)
		limit, okLimit := number(filepath.Join(at, limitFile))
		used, okUsed := number(filepath.Join(at, usedFile))
		if okLimit && okUsed && limit > 0 && limit < unlimited {
			used -= min(field(filepath.Join(at, "memory.stat"), cacheField), used)
			found = append(found, group{limit: limit, used: used})
		}
		if dir == "/" || dir == "." || dir == "" {
			return found
		}
		dir = path.Dir(dir)
	}
}

// number reads a file that holds one number; "max" is none.
func number(name string) (float64, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return n, err == nil
}

// field reads one number of a file of "name number" lines, 0 when it is not there.
func field(name, prefix string) float64 {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, prefix); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n
		}
	}
	return 0
}
