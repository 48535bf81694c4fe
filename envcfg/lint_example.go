package envcfg

import (
	"slices"
	"strings"
	"unicode"
)

// placeholders are what documentation and tutorials write where a secret belongs, and nobody as anything else.
func placeholders() []string {
	return []string{
		"changeme", "change-me", "change_me", "changethis", "example", "placeholder", "your-", "your_", "yoursecret", "yourkey",
		"mysecret", "my-secret", "supersecret", "super-secret", "replaceme", "replace-me", "replace_me", "passw0rd", "qwerty", "letmein",
		"django-insecure", "keyboard cat", "correcthorse", "correct horse",
	}
}

// examples are the rest of it. Modes, prefixes and alphabets may hold some: "password", "dev-", "0123456789".
func examples() []string {
	return []string{
		"secretkey", "secret-key", "secret_key", "insecure", "dummy", "replace", "todo", "password", "development", "1234567890", "0123456789",
		"abcdefgh", "xxxx", "dev-", "test-",
	}
}

// weak are whole passwords: those of tools, and those that lists of stolen ones begin with.
var weak = [...]string{
	"", "secret", "test", "admin", "root", "postgres", "user", "app", "guest", "redis", "demo", "default", "mysql", "mongo", "rabbitmq",
	"elastic", "minioadmin", "minio123", "changeit", "toor", "vagrant", "raspberry",
	"12345", "123456", "1234567", "12345678", "123456789", "987654321", "654321", "123123", "112233", "111111", "000000", "666666",
	"abc123", "abcd1234", "a1b2c3d4", "1q2w3e", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "qazwsx", "zaq12wsx", "asdfgh", "asdfghjkl", "asdf1234", "zxcvbn",
	"zxcvbnm", "pass", "pass123", "pass1234", "p@ssw0rd", "p@ssword", "pa$$word", "p@$$w0rd", "s3cr3t", "secret123", "admin123", "admin1234", "root123",
	"test123", "test1234", "user123", "welcome", "welcome1", "welcome123", "login", "access", "master", "iloveyou", "monkey", "dragon", "sunshine",
	"princess", "football", "baseball", "shadow", "superman", "batman", "trustno1", "starwars", "whatever", "michael", "charlie", "freedom", "pokemon",
	"hello123", "computer", "internet", "killer", "ninja", "mustang", "letmein1", "solo", "flower", "cheese", "ashley", "jordan23", "hunter2",
}

// isGuessed says whether a secret is one that everybody tries first.
func isGuessed(text string) bool {
	lower := strings.ToLower(text)
	if slices.Contains(weak[:], lower) || isExample(text) {
		return true
	}
	distinct := make(map[rune]struct{})
	for _, c := range lower {
		distinct[c] = struct{}{}
	}
	return len(distinct) < 5 && strings.IndexFunc(lower, unicode.IsSpace) < 0 || repeats(lower)
}

// isExample says whether a secret was never given: it is what documentation has in its place.
func isExample(text string) bool {
	return isPlaceholder(text) || holdsOne(text, examples())
}

// isPlaceholder says the same of a text that may be no secret at all.
func isPlaceholder(text string) bool {
	return strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">") || holdsOne(text, placeholders())
}

// holdsOne says whether one of the words makes up a good part of a text.
func holdsOne(text string, words []string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) && len(lower) < 4*len(word)+16 })
}

// repeats says whether a text is one beginning over and over, such as "0123456789abcdef0123456789abcdef".
func repeats(text string) bool {
	for n := 1; n <= min(len(text)/2, 64); n++ {
		if strings.HasPrefix(text[n:], text[:len(text)-n]) {
			return true
		}
	}
	return false
}
