// Package envcfg fills a struct from the environment, reports everything that is wrong at once, and says of every
// setting where it came from.
//
// A service that starts with a wrong configuration fails later and elsewhere. This package makes it fail at the start,
// with a list that a person can work through: the variable, where its value was found (with file and line), what is
// wrong and what would be right. It has no dependencies and no state, never writes to the process environment (the host
// may, with [Report.Export]), and never shows a secret.
//
//	type Config struct {
//		Database pool.Config   // its env tags are read too
//		Port     int           `env:"PORT" default:"8000" check:"port"`
//		Timeout  time.Duration `env:"TIMEOUT" default:"30s" default.testing:"2s"`
//		Key      envcfg.Secret `env:"SECRET_KEY,required" check:"min=32" doc:"signs cookies"`
//		Cache    CacheConfig   `prefix:"CACHE_"`
//	}
//
//	cfg, err := envcfg.Load[Config](envcfg.Options{})
//	if err != nil {
//		return err // all problems, one line each
//	}
//
// # Layers
//
// The strongest place that names a variable wins: the process environment, files of secrets ([Options].SecretDirs), the
// file .env.<environment>, the file .env, the profile of the environment ([StandardProfiles]), the default in the tag.
//
// The environment is what ENVIRONMENT says, development without it; an unknown one is an error, because a misspelt
// "prodution" must not switch the safety of production off. It is found in the process environment, then in .env files,
// also when the former is empty; a file that names another one after it was used to choose a file is an error. A field
// named ENVIRONMENT has the environment in force. It has no default and no old names of its own: [Options].Environment
// is their place.
//
// An empty value counts as not set, so "NAME=" in the process environment gives the default although a file has a
// value. A required variable must not be empty, blank or a list of nothing. The option "empty" makes an empty value a
// value.
//
// A secret may come from a file: with NAME_FILE set to a path, NAME is what the file says, without the line end. Of
// NAME, NAME_FILE and deprecated names, the one in the strongest place counts. It is an error to set NAME and NAME_FILE
// in the same place, or names of one variable to different values.
//
// # Tags
//
//	env:"NAME"          the variable; options follow after commas:
//	  required          must be set, or have a default, and not be empty
//	  secret            never show the value (implied by secret types, and by names such as …_PASSWORD, …_TOKEN, …_KEY)
//	  safe              the value may be shown in reports and errors, whatever its name (implied by numbers, booleans,
//	                    durations, sizes)
//	  file              NAME_FILE works (implied for secrets)
//	  empty             an empty value is a value
//	  json              the value is JSON
//	default:"20"        when not set; it is checked like any other value
//	default.testing:"2" the same in one environment
//	check:"min=1,max=9" rules, see below
//	unit:"s"            what a bare number means: ns, us, ms, s, m, h, d for durations, bytes for whole numbers
//	                    (which may then be written as 10MB), base64 or hex for []byte
//	separator:";"       between the elements of lists and maps, instead of a comma
//	deprecated:"OLD"    old names that still work, with a warning
//	doc, example        for errors and for the documentation that package envdoc writes
//	prefix:"CACHE_"     on a struct: put in front of all its names; on a pointer to a struct: read it at all
//
// Structs without an env tag are read field by field. A pointer to a struct stays nil unless one of its variables is
// set, and what is required in it counts only then; ENVIRONMENT and values of a profile do not count. Fields of any
// other type without an env tag are left alone.
//
// # Types
//
// Texts, booleans (true, yes, on, 1 and their opposites; anything else is an error), numbers (1_000 is allowed),
// [time.Duration] (also "7d" and "1w2d12h"; "off" and -1 are the -1 ns by which this library's packages mean no limit),
// [Bytes], [net/url.URL], *[time.Location], everything with an UnmarshalText method ([time.Time], [net/netip.Prefix],
// [log/slog.Level], [regexp.Regexp], your own), []byte, pointers, lists ("a, b" or JSON), maps ("a=1, b=2" or JSON),
// and what [Options].Parsers adds. A type with a method Reveal() string holds a secret, as [Secret] does.
//
// # Rules
//
// Check tags hold: min and max (of numbers, durations, sizes; of texts and lists, the length), oneof=a|b, match=regexp
// (takes the rest of the tag), port, host, hostport, ip, url (url=https|http limits the scheme), database, postgres,
// loglevel, email, base64, hex, file, dir, and what [Options].Checks adds. Of a list of texts each one is checked. A
// struct with a method Validate() error has rules over several fields: it is called when its fields are right, and
// errors.Join lets it report several; an error that begins with the name of a field or its variable is reported as that
// variable's. Methods and funcs of yours that panic have failed.
//
// # Misspelt names
//
// A variable that nobody reads and that differs in one place, which is no digit, from one that is not set is an error
// that names the right one; what every system sets, such as PATH and USER, is not. [Options].Strict makes every unknown
// variable with one of its prefixes an error, [Options].Ignore lets names pass.
//
// # Concurrency
//
// All functions are safe for concurrent use.
//
// # Errors
//
// [Load], [Fill], [Explain] and [Open] return an [*Error], which lists each [Problem]. Values are in a message only
// when a [Report] may show them, and what was given to secrets is taken out of values and of words that are not this
// package's own: secrets of four bytes and more wherever they stand, shorter ones where they are the whole value. A
// foreign text that has a secret of six bytes or more in another case or escaped in another way is withheld.
//
// # Limits
//
// It reads the environment and files, not flags, YAML or remote stores. The values of a .env file are limited to 1 MiB,
// a file of a secret to 64 KiB; one that is a named pipe is waited for until somebody writes. What is a secret is known
// from types, tags and names: a secret in a field that looks like a number, with a name that says nothing, is shown as
// a number, and so is a secret that stands in a profile or a default.
package envcfg
