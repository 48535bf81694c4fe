// Package envdoc writes the documentation of a configuration from the struct that package envcfg fills: a .env.example,
// a Markdown table and a JSON schema. It can say whether the files are stale, which a CI job should ask.
//
//	files := envdoc.Files{Template: ".env.example", Markdown: "docs/configuration.md"}
//	if *check {
//		return envdoc.Check[Config](files) // an *envdoc.StaleError names the file and the first line that differs
//	}
//	return envdoc.Write[Config](files)
//
// # Errors
//
// All functions return an [*envcfg.Error] when the struct's tags or defaults are wrong.
//
// # Limits
//
// Texts come from the doc and example tags; comments in the source are not read.
package envdoc
