// Package arch enforces the rules of the house. Its test runs [Check] on this repository; its other tests break each rule
// on purpose and see that [Check] finds it.
//
// The rules, by the name under which a [Violation] appears:
//
//   - layering: a top-level package never imports another one; a sub-package may import its parent, never the reverse;
//     internal packages import no top-level one; nothing shipped imports a conformance suite.
//   - modules: the root module's direct requirements are [Policy.Requirements], and a package's build contains only the
//     modules that [Policy.Modules] grants it. Nested modules leave the root's internal packages alone.
//   - tests: no testing, testify or goleak in the build of a shipped package, however deep. Conformance suites, whose
//     names end in "test", are the exception.
//   - init: no init function and no import for its side effects.
//   - state: no package-level variable that is written to, exported (other than errors), or made to be changed (channels,
//     functions, pointers, types of sync).
//   - environment: only envcfg reads the process environment.
//   - signals: only metrics/lifecycle handles signals.
//   - linker: no text/template, html/template or reflect's MethodByName, with any of which the linker keeps every exported
//     method of the whole program.
//   - docs: every package, exported name, interface method and field of a Config says what it is.
//   - examples: every exported type of a package that users import has an Example.
//   - readme: every Go snippet of README.md stands as it is in a file that is compiled.
//   - size: no file is longer than [Policy.MaxLines].
//
// A slice or map that is changed by a function it was passed to is not found. Rules about built code see the files of the platform they run
// on; rules about text see all files.
package arch
