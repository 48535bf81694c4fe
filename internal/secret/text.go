package secret

import (
	"regexp"
	"strings"
)

// patterns find secrets in a text by what they look like, each with what it is replaced by, where • stands for the mask. A pattern is only tried when one of its
// marks is there.
var patterns = [...]struct {
	marks string // separated by spaces
	find  *regexp.Regexp
	with  string
}{
	{"PRIVATE", regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)`), "•"},
	// user:password@ of a URL.
	{"://", regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#:@]{16,}(?::[^\s/?#]*)?@`), "${1}•@"},
	{"://", regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*):[^\s/?#]*@`), "$1:•@"},
	{"://", regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]+):[^\s"'<>0-9][^\s"'<>]*@`), "$1:•@"},
	{")", regexp.MustCompile(`([A-Za-z0-9_.-]+):[^\s"']*@((?:tcp|unix|udp)\()`), "$1:•@$2"}, // go-sql-driver/mysql
	{"eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)*`), "•"},
	{"AKIA ASIA", regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`), "•"},
	{"gh glpat xox k_ sk- whsec_ SG. ya29. hf_ shpat_ dop_v1_ glrt- xapp- ATATT npm_ pypi- hvs. AIza", regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|sk_test_|rk_live_|sk-|whsec_|SG\.|ya29\.|hf_|shpat_|dop_v1_|glrt-|xapp-|ATATT|npm_|pypi-|hvs\.|AIza)[A-Za-z0-9._-]{10,}`), "•"},
	{"AGE-SECRET", regexp.MustCompile(`\bAGE-SECRET-KEY-1[A-Z0-9]+`), "•"},
	{"hooks.slack.com /webhooks/ /hook/ telegram", regexp.MustCompile(`(?i)(https://hooks\.slack\.com/(?:services|workflows|triggers)/|https://[a-z.]*discord(?:app)?\.com/api/webhooks/|https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/|https://api\.telegram\.org/bot)[^\s"'<>]+`), "${1}•"},
	{"' \" $$", regexp.MustCompile(`(?i)\b((?:password|identified\s+(?:with\s+\S+\s+)?by)\s+)(?:E?'(?:[^'\n]|'')*(?:'|\n|$)|"[^"\n]*(?:"|\n|$)|\$\$[^$]*\$\$)`), "${1}'•'"}, // SQL
	{"assword PASSWORD", regexp.MustCompile(`(?i)\b(set\s+password\s+(?:for\s+\S+\s*)?=\s*)\S+`), "${1}•"},
	{"assword", regexp.MustCompile(`(\blogin\s+\S+\s+password\s+)\S+`), "${1}•"}, // .netrc
	{"-u", regexp.MustCompile(`(\s(?:-u\s*|--user[\s=])[^\s:]+):\S+`), "$1:•"},   // curl
	{"mysql", regexp.MustCompile(`(\bmysql\w*\s(?:[^\n]*\s)?-p)[^\s-]\S*`), "${1}•"},
}

// scheme finds what follows a word of the Authorization header.
var scheme = regexp.MustCompile(`(?i)\b(bearer|basic|token|apikey)(\s+)([A-Za-z0-9._~+/=:-]+)`)

// element finds a text between tags, and flag an argument of a command.
var (
	element = regexp.MustCompile(`<([A-Za-z][\w:.-]*)([^<>]*)>(<!\[CDATA\[[^\]]*\]\]>|[^<]*)</`)
	option  = regexp.MustCompile(`(^|[\s"'\x60\[])(--?)([A-Za-z][\w.-]*)(\s+)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|["'][^\n]*|\S+)`)
	dbURL   = regexp.MustCompile(`(?i)\b((?:postgres|postgresql|mysql|mariadb|redis|rediss|amqp|amqps|mongodb|mongodb\+srv|sqlserver|clickhouse|nats|kafka|ldap|ldaps|smtp|smtps)://[^\s:/?#@]*):([^\n"'<>\x60]*)@`)
	port    = regexp.MustCompile(`^\d{1,5}([/?\s;,]|$)`)
	colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	columns = regexp.MustCompile(`(?m)(^|\s)([A-Za-z][\w.-]*)(\t+| {2,})(\S+)`)
)

// Text masks what looks like a secret.
func (m *Masker) Text(s string) string {
	if m.NamesOnly {
		return s
	}
	mask := strings.ReplaceAll(m.Mask, "$", "$$") // as templates of patterns have it
	if strings.Contains(s, "\x1b[") {
		s = colours.ReplaceAllString(s, "") // of terminals, which stand between what belongs together
	}
	if strings.Contains(s, "://") {
		s = replaced(dbURL, s, func(p []string) string { // whose passwords people write with spaces and slashes
			if port.MatchString(p[2]) {
				return p[0]
			}
			return p[1] + ":" + m.Mask + "@"
		})
	}
	for i := range patterns {
		for mark := range strings.FieldsSeq(patterns[i].marks) {
			if strings.Contains(s, mark) {
				s = patterns[i].find.ReplaceAllString(s, strings.Replace(patterns[i].with, "•", mask, 1))
				break
			}
		}
	}
	s = replaced(scheme, s, func(p []string) string {
		if LooksRandom(p[3]) {
			return p[1] + p[2] + m.Mask
		}
		return p[0]
	})
	if strings.Contains(s, "</") {
		s = replaced(element, s, func(p []string) string {
			if m.Secrecy(p[1]) != Harmless && !IsState(p[3]) {
				return "<" + p[1] + p[2] + ">" + m.Mask + "</"
			}
			return p[0]
		})
	}
	if strings.Contains(s, "-") {
		s = replaced(option, s, func(p []string) string {
			if m.Secrecy(p[3]) == Harmless || strings.HasPrefix(p[5], "--") || IsState(p[5]) {
				return p[0]
			}
			return p[1] + p[2] + p[3] + p[4] + m.Mask
		})
	}
	if strings.Contains(s, "  ") || strings.Contains(s, "\t") {
		s = replaced(columns, s, func(p []string) string {
			if m.Secrecy(p[2]) != Strong || IsState(p[4]) || strings.Trim(p[4], "=:>|.-") == "" {
				return p[0]
			}
			return p[1] + p[2] + p[3] + m.Mask
		})
	}
	s = m.assignments(s)
	if m.More != nil {
		s = m.More(s)
	}
	return s
}

// replaced is ReplaceAllStringFunc with the parts of a match.
func replaced(find *regexp.Regexp, s string, with func(parts []string) string) string {
	var b strings.Builder
	at := 0
	for _, found := range find.FindAllStringSubmatchIndex(s, -1) {
		parts := make([]string, len(found)/2)
		for i := range parts {
			if found[2*i] >= 0 {
				parts[i] = s[found[2*i]:found[2*i+1]]
			}
		}
		b.WriteString(s[at:found[0]])
		b.WriteString(with(parts))
		at = found[1]
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}
