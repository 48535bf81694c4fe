package envcfg

// Dialect says how a .env file is read. There is no standard; the tools agree on simple lines and differ on the rest.
// The zero value, [Portable], reads the lines on which the tools agree as they do and follows the shell elsewhere. The
// others read a well-formed line as the named tool does:
//
//	                        Portable   Compose     Node     Python
//	A=b#c                   b#c        b#c         b        b#c
//	A=b #c                  b          b           b        b
//	A=b<tab>#c              b          b<tab>#c    b        b
//	A= # c                  (empty)    # c         (empty)  # c
//	A=#c                    #c         #c          (empty)  #c
//	A: b                    error      b           b        error
//	A                       error      no value    error    no value
//	A=`b`                   `b`        `b`         b        `b`
//	A='it\'s'               error      it's        it\'s    it's
//	A="\t" (a tab)          tab        tab         \t       tab
//	A="\"" (a quote)        "          "           \"       "
//	A="\$"                  $          $           \$       \$
//	A=$B                    $B         B's value   $B       $B
//	A=${B}                  B's value  B's value   ${B}     B's value
//	A='${B}'                ${B}       ${B}        ${B}     B's value
//	A=${NOT_SET}            error      (empty)     literal  (empty)
//	A=${EMPTY:-d}           d          d           literal  (empty)
//	A=${B-d} ${B?e} ${B+d}  supported  supported   literal  error
//	A=$$                    $$         $           $$       $$
//	1A=b                    error      b           b        b
//
// In every dialect quotes may span lines, values may be empty, the last of several assignments counts, line ends may be
// LF, CRLF or CR, a byte order mark is skipped, and what the tools drop or misread without a word is a [*SyntaxError]:
// an unterminated quote, text after a closing quote, a name with a space in it, a line without a name, a NUL byte.
type Dialect uint8

// The dialects, and where each is at home.
const (
	Portable Dialect = iota // this package
	Compose                 // docker compose, checked against compose-go 2.16
	Node                    // the npm package dotenv, checked against 18.0
	Python                  // python-dotenv, checked against 0.21
)

// grammar is what the dialects differ in.
type grammar struct {
	comment      hashRule
	colon        colonRule
	digitFirst   bool   // names may begin with a digit
	bareName     bool   // a name without a value is skipped
	backtick     bool   // backticks quote
	skipEscaped  bool   // in '...' and `...`, a backslash keeps a quote from closing
	single       string // what a backslash escapes in '...'; the backslash stays in front of everything else
	double       string // what a backslash escapes in "..."
	octal        bool   // there, \0 and three octal digits are a character
	expand       expandRule
	expandSingle bool // also in '...'
}

type hashRule uint8

const (
	hashAfterBlank  hashRule = iota // a # begins a comment after a blank, also one before the value
	hashAfterSpace                  // after a space, but not at the beginning of the value
	hashInsideBlank                 // after a blank, but not at the beginning of the value
	hashAnywhere                    // always
)

type colonRule uint8

const (
	colonNever     colonRule = iota
	colonAlways              // "A:b" and "A : b"
	colonThenBlank           // "A: b" only
)

type expandRule uint8

const (
	expandNothing expandRule = iota
	expandStrict             // ${A} and its forms; A must be set
	expandCompose            // also $A, and $$ for a dollar; what is not set is empty
	expandPython             // ${A} and ${A:-d}, where d stands for what is not set
)

func (d Dialect) grammar() (grammar, bool) {
	switch d {
	case Portable:
		return grammar{double: "nrt\\\"$", expand: expandStrict}, true
	case Compose:
		return grammar{
			comment: hashAfterSpace, colon: colonAlways, digitFirst: true, bareName: true, skipEscaped: true, single: "'",
			double: "abfnrtv\\\"$", octal: true, expand: expandCompose,
		}, true
	case Node:
		return grammar{comment: hashAnywhere, colon: colonThenBlank, digitFirst: true, backtick: true, skipEscaped: true, double: "nr"}, true
	case Python:
		return grammar{
			comment: hashInsideBlank, digitFirst: true, bareName: true, skipEscaped: true, single: "'\\",
			double: "abfnrtv\\\"'", expand: expandPython, expandSingle: true,
		}, true
	}
	return grammar{}, false
}
