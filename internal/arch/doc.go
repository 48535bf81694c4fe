// Package arch enforces the rules of the house. Its test runs [Check] on this repository; its other tests break each rule
// on purpose and see that [Check] finds it.
//
// The rules, by the name under which a [Violation] appears:
//
//   - layering: there are no top-level packages but [Policy.Packages], and none imports another one; a sub-package may
//     import its parent and its siblings, never the reverse of the former; internal packages import no top-level one;
//     nothing shipped imports a conformance suite.
//   - modules: the root module's direct requirements are [Policy.Requirements], whatever go.mod calls indirect, and there
//     are no tools; a package's build contains only the modules that [Policy.Modules] grants it. Nested modules leave the
//     root's internal packages alone, and keep every rule but that of granted modules, unless nobody imports them.
//   - tests: no testing, testify or goleak in the build of a shipped package, however deep. Conformance suites, whose
//     names end in "test", are the exception.
//   - init: no init function, no import for its side effects, and no call for the value of a variable but those that
//     make errors and patterns.
//   - goroutines: only the packages of [Policy.Goroutines] start any, and each says there who ends them.
//   - state: no package-level variable that is written to, exported (other than errors), or of a type that can be changed
//     through a copy: channels, functions, pointers, interfaces, types of sync, and structs with any of these. Maps and
//     slices of fixed values are read where they are, not handed out. No writing to variables of other packages, and no
//     call that changes the whole process, such as slog.SetDefault.
//   - environment: only envcfg reads the process environment.
//   - cgo: none.
//   - signals: only metrics/lifecycle handles signals.
//   - linker: no text/template, html/template or reflect's Method and MethodByName, with any of which the linker keeps
//     every exported method of the whole program. No go:linkname.
//   - docs: every package, exported name, interface method and field of a Config says what it is.
//   - examples: every exported type of a package that users import has an Example, which has an Output or a
//     comment that says why not.
//   - readme: every Go snippet of README.md stands as it is, as code, in a Go file.
//   - size: no file is longer than [Policy.MaxLines].
//
// State, environment, signals and the calls for the values of variables are judged in the files of the platform that the
// rules run on; everything else in all files.
package arch
