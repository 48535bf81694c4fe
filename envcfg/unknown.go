package envcfg

import (
	"slices"
	"strings"
)

// findUnknown reports variables that nobody reads and that look like one that is not set, and all unknown ones with a
// strict prefix.
func (l *loader) findUnknown() {
	u := unknown{l: l, before: len(l.problems)}
	l.layers.environ.names(true, func(name string) { u.look(name, Origin{Layer: FromProcess}) })
	for i := range l.layers.files {
		file := &l.layers.files[i]
		for name, e := range file.entries {
			u.look(name, Origin{Layer: FromFile, File: file.path, Line: e.Line})
		}
	}
	slices.SortStableFunc(l.problems[u.before:], func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
}

// unknown looks for names that nobody reads.
type unknown struct {
	l      *loader
	before int     // how many problems there were
	fields []field // fetched when the first suspicion arises
}

func (u *unknown) look(name string, at Origin) {
	strict := len(u.l.o.Strict) > 0 && slices.ContainsFunc(u.l.o.Strict, func(prefix string) bool { return prefix != "" && strings.HasPrefix(name, prefix) })
	strict = strict && !u.isServiceLink(name)
	if !strict && !u.l.names.suspicious(name) {
		return
	}
	if u.fields == nil {
		u.fields = u.l.plan.fields()
	}
	if u.expected(name) {
		return
	}
	meant := u.meant(name)
	if meant == "" && !strict {
		return // no name is like it, or the right one is set too, so this one belongs to somebody else
	}
	if meant == "" {
		meant = u.nearest(name)
	}
	p := Problem{Kind: Unknown, Name: name, Origin: at, Reason: "is set but unknown: nothing reads it; remove it"}
	if base, isFile := strings.CutSuffix(name, "_FILE"); isFile && slices.ContainsFunc(u.fields, func(f field) bool { return f.name == base }) {
		p.Reason = "is set, but " + base + " is not read from a file: its tag needs the option file"
	} else if meant != "" {
		p.Reason = "is set but unknown: did you mean " + meant + "?"
	}
	u.l.problems = append(u.l.problems, p)
}

// meant returns the name of which another one is a misspelling, or "".
func (u *unknown) meant(name string) string {
	if u.l.layers.environmentAt.Layer == FromDefault && nearlySame(EnvironmentName, name) {
		return EnvironmentName
	}
	i := slices.IndexFunc(u.fields, func(f field) bool { return nearlySame(f.name, name) && !u.isSet(&f) })
	if i < 0 {
		return ""
	}
	return u.fields[i].name
}

// isSet says whether the process or a file has a field's variable.
func (u *unknown) isSet(f *field) bool {
	_, at, set := u.l.layers.lookup(f.name)
	return set && at.Layer != FromProfile
}

// standardVariables belong to the system, the shell and the tools that start a process.
var standardVariables = [...]string{
	"CI", "DISPLAY", "EDITOR", "HOME", "HOST", "HOSTNAME", "HOSTTYPE", "LANG", "LANGUAGE", "LINES", "LOGNAME", "MAIL", "MANPATH",
	"NAME", "OLDPWD", "OSTYPE", "PAGER", "PATH", "PWD", "SHELL", "SHLVL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "UID", "USER",
	"USERNAME", "VISUAL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY", "http_proxy", "https_proxy",
	"all_proxy", "no_proxy", "ftp_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOPATH", "GOROOT", "GOGC", "GODEBUG",
	"GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK",
}

// expected says whether a name is read although it is no field's: the name of a secret's file, an old name, a name that a
// .env file refers to, the environment, a standard variable, or what Options.Ignore lists.
func (u *unknown) expected(name string) bool {
	if name == EnvironmentName || u.l.layers.referred[name] || slices.Contains(standardVariables[:], name) || slices.ContainsFunc(u.l.o.Ignore, func(ignored string) bool {
		prefix, isPrefix := strings.CutSuffix(ignored, "*")
		return ignored == name || isPrefix && strings.HasPrefix(name, prefix)
	}) {
		return true
	}
	base, isFile := strings.CutSuffix(name, "_FILE")
	return slices.ContainsFunc(u.fields, func(f field) bool {
		isFile := isFile && (f.file || f.isSecret())
		return f.name == name || isFile && f.name == base || slices.ContainsFunc(f.oldNames(), func(old string) bool { return old == name || isFile && old == base })
	})
}

// isServiceLink recognises the names that Kubernetes gives to what it tells every process of every service.
func (u *unknown) isServiceLink(name string) bool {
	for _, end := range [...]string{"_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP", "_TCP_ADDR", "_TCP_PORT", "_TCP_PROTO", "_UDP_ADDR", "_UDP_PORT", "_UDP_PROTO"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	value, _ := u.l.layers.environ.lookup(name)
	return strings.Contains(name, "_SERVICE_PORT_") || serviceLink(value) != ""
}

// nearest returns the name that differs least, in two places at most, or "".
func (u *unknown) nearest(name string) string {
	best, least := "", 3
	for i := range u.fields {
		if d := distance(u.fields[i].name, name); d < least {
			best, least = u.fields[i].name, d
		}
	}
	return best
}

// nearlySame says whether two names differ by one letter more, less or changed, or by two neighbours exchanged. Names of
// fewer than four letters are too short to tell, and another number means another thing: REPLICA_1_URL and REPLICA_2_URL, or
// REDIS_URL and REDIS2_URL.
func nearlySame(a, b string) bool {
	if len(a) < 4 || len(a)-len(b) > 1 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch {
	case len(ra) > len(rb):
		return ra[1:] == rb && !isDigit(ra[0])
	case len(ra) < len(rb):
		return ra == rb[1:] && !isDigit(rb[0])
	case len(ra) == 0:
		return true
	}
	if isDigit(ra[0]) && isDigit(rb[0]) {
		return false
	}
	return ra[1:] == rb[1:] || len(ra) > 1 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2:] == rb[2:]
}

// distance is the number of letters to add, remove, change or exchange with the neighbour to make a into b (optimal
// string alignment). Long texts are too different to bother.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, above2 := &rows[i%3], &rows[(i-1)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], above2[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
