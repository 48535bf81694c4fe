package envcfg

// DefaultEnvironment is the environment when nothing names one.
const DefaultEnvironment = "development"

// EnvironmentName is the variable that names the environment.
const EnvironmentName = "ENVIRONMENT"

// Options says where values come from. The zero value is what a service usually wants: the process environment over
// .env.<environment> over .env, both in the working directory, over the profile of the environment, over the defaults
// in the tags. Options are only read.
type Options struct {
	// Environ is the process environment as pairs NAME=value. Defaults to os.Environ(); set it in tests.
	Environ []string
	// Files are .env files, each over those before it; a missing one is skipped. "${ENVIRONMENT}" in a name stands for the
	// environment, which the files before it may set. Nil means ".env" and ".env.${ENVIRONMENT}"; an empty slice, none.
	Files []string
	// Dialect is the grammar of Files. Defaults to [Portable].
	Dialect Dialect
	// Environment is the name of the environment. Defaults to the variable ENVIRONMENT, and to "development" without one.
	Environment string
	// Profiles has the values of each known environment; another environment is an error, with the known names. Nil means
	// [StandardProfiles].
	Profiles map[string]map[string]string
	// SecretDirs are directories of files named like variables, as Kubernetes and Docker mount secrets; they come right
	// after the process environment. Names of files are compared as they are and in lower case;
	// a name that could lead out of the directory names none.
	SecretDirs []string

	// Parsers are for types that this package does not know; see [Parser].
	Parsers []TypeParser
	// Checks are rules of your own for check tags: they get the text and return what would be right.
	Checks map[string]func(text string) error
	// Strict are prefixes that belong to this program, such as "APP_": a variable that begins so and is not known is an
	// error, not only when it looks like a misspelling.
	Strict []string
	// Ignore are names that are never reported as misspelt, because another program reads them. One that ends in an asterisk,
	// such as "APP_PLUGIN_*", stands for all that begin so.
	Ignore []string
	// OnWarning is told of what is doubtful but no error: a deprecated name that is in use, for instance.
	OnWarning func(Problem)
}

// files returns the files to read.
func (o *Options) files() []string {
	if o.Files == nil {
		return []string{".env", ".env.${" + EnvironmentName + "}"}
	}
	return o.Files
}
