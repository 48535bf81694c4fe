package envcfg

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// secretEndings are the last words of the names of secrets. Those of joinedEndings may have letters in front, as in
// PGPASSWORD. Behind them may stand suffixWords: which of several it is, and how it is written. Keys with dataWords in
// front find data and hide nothing.
var (
	secretEndings = [...]string{
		"KEY", "KEYS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSCODE", "PASS", "PWD", "PASSPHRASE", "TOKEN", "TOKENS",
		"PEPPER", "SALT", "CREDENTIAL", "CREDENTIALS", "PIN",
	}
	joinedEndings = [...]string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "ACCESSKEY", "SECRETKEY", "PRIVATEKEY"}
	suffixWords   = [...]string{
		"OLD", "NEW", "PREVIOUS", "CURRENT", "NEXT", "FALLBACK", "FALLBACKS", "BACKUP", "PRIMARY", "SECONDARY", "PROD", "PRODUCTION", "LIVE",
		"STAGING", "STAGE", "QA", "DEV", "DEVELOPMENT", "TEST", "TESTING", "SANDBOX", "ADMIN", "READONLY", "READWRITE", "RO", "RW", "HEX", "PEM",
		"DER", "BASE64", "B64", "BASE32", "JSON", "VALUE",
	}
	dataWords = [...]string{
		"PARTITION", "SORT", "RANGE", "FOREIGN", "CACHE", "SHARD", "ROUTING", "INDEX", "OBJECT", "LOCK", "IDEMPOTENCY", "GROUP",
		"LABEL", "PUBLIC", "PUBLISHABLE", "SITE",
	}
)

// endingWords returns a name's words without what only says which one it is: those of JWT_SECRET for JWT_SECRET_OLD.
func endingWords(name string) []string {
	words := nameWords(name)
	for len(words) > 1 && isSuffix(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if n := len(words); n > 2 && slices.Equal(words[n-3:], []string{"SECRET", "KEY", "BASE"}) { // that of Rails
		return words[:n-1]
	}
	return words
}

// lastWord is the last of endingWords.
func lastWord(name string) string {
	words := endingWords(name)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// isSuffix says whether a last word is a number, a version such as V2, or one of suffixWords.
func isSuffix(word string) bool {
	return strings.Trim(strings.TrimPrefix(word, "V"), "0123456789") == "" || slices.Contains(suffixWords[:], word)
}

// namesSecret says whether a name's last word says that the value itself is a secret. SESSION_STORE and TOKEN_TYPE only
// have to do with one.
func namesSecret(name string) bool {
	last := lastWord(name)
	return !isDataKey(name) &&
		(slices.Contains(secretEndings[:], last) || slices.ContainsFunc(joinedEndings[:], func(end string) bool { return strings.HasSuffix(last, end) }))
}

// isKey says whether a name is that of a secret which only machines read, so that it can be long.
func isKey(name string) bool {
	last := lastWord(name)
	return !isDataKey(name) && (strings.HasSuffix(last, "KEY") || strings.HasSuffix(last, "SECRET"))
}

// isDataKey says whether a key finds data. PRIMARY_KEY does where it is a table's; Azure calls secrets so.
func isDataKey(name string) bool {
	words := endingWords(name)
	n := len(words)
	if n < 2 || !strings.HasPrefix(words[n-1], "KEY") {
		return false
	}
	return slices.Contains(dataWords[:], words[n-2]) || n > 2 && words[n-3] == "TABLE" && words[n-2] == "PRIMARY"
}

// isKeyFile recognises the path of a key, which stands only in variables whose names allow it.
func isKeyFile(name, text string) bool {
	name = strings.Join(endingWords(name), "_")
	switch {
	case endsIn(name, "PATH", "FILE") || strings.HasSuffix(name, "SSL_KEY") || strings.HasSuffix(name, "TLS_KEY"):
		return strings.ContainsAny(text, "/\\.")
	case !strings.HasSuffix(name, "KEY"):
		return false
	case filepath.IsAbs(text) && (endsIn(name, "PRIVATE_KEY", "SSH_KEY", "HOST_KEY") || slices.Contains(keyFiles[:], filepath.Ext(text))):
		return true
	}
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}

// keyFiles are the endings of files that hold keys.
var keyFiles = [...]string{".pem", ".key", ".der", ".p8", ".p12", ".pfx", ".jks", ".gpg", ".asc"}
