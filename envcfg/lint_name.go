package envcfg

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// secretEndings are the last words of the names of secrets. Those of joinedEndings may have letters in front, as in
// PGPASSWORD. Keys with dataWords in front find data and hide nothing.
var (
	secretEndings = [...]string{
		"KEY", "KEYS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSCODE", "PASS", "PWD", "PASSPHRASE", "TOKEN", "TOKENS",
		"PEPPER", "SALT", "CREDENTIAL", "CREDENTIALS", "PIN",
	}
	joinedEndings = [...]string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "ACCESSKEY", "SECRETKEY", "PRIVATEKEY"}
	versionWords  = [...]string{"OLD", "NEW", "PREVIOUS", "CURRENT", "NEXT"}
	dataWords     = [...]string{
		"PARTITION", "SORT", "RANGE", "FOREIGN", "PRIMARY", "CACHE", "SHARD", "ROUTING", "INDEX", "OBJECT", "LOCK", "IDEMPOTENCY", "GROUP",
		"LABEL", "PUBLIC", "PUBLISHABLE", "SITE",
	}
)

// endingWords returns a name's words without a number or a version at the end: those of JWT_SECRET for JWT_SECRET_OLD.
func endingWords(name string) []string {
	if endsIn(name, "SECRET_KEY_BASE") {
		name = strings.TrimSuffix(name, "_BASE")
	}
	words := nameWords(name)
	for len(words) > 1 {
		last := words[len(words)-1]
		if strings.Trim(last, "0123456789") != "" && !slices.Contains(versionWords[:], last) {
			break
		}
		words = words[:len(words)-1]
	}
	return words
}

// namesSecret says whether a name's last word says that the value itself is a secret. SESSION_STORE and TOKEN_TYPE only
// have to do with one.
func namesSecret(name string) bool {
	words := endingWords(name)
	if len(words) == 0 || isDataKey(words) {
		return false
	}
	last := words[len(words)-1]
	return slices.Contains(secretEndings[:], last) || slices.ContainsFunc(joinedEndings[:], func(end string) bool { return strings.HasSuffix(last, end) })
}

// isKey says whether a name is that of a secret which only machines read, so that it can be long.
func isKey(name string) bool {
	words := endingWords(name)
	if len(words) == 0 || isDataKey(words) {
		return false
	}
	last := words[len(words)-1]
	return strings.HasSuffix(last, "KEY") || strings.HasSuffix(last, "SECRET")
}

func isDataKey(words []string) bool {
	n := len(words)
	return n > 1 && strings.HasPrefix(words[n-1], "KEY") && slices.Contains(dataWords[:], words[n-2])
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
