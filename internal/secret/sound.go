package secret

// maySound says whether a name may be one of a secret: it has a part of which every such name has one. It looks at the name as
// its words are when they are put together, so that api_key, api-key and apiKey are one.
func maySound(name string) bool {
	if len(name) > longName {
		return false
	}
	var space [longName]byte
	flat := space[:0]
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z':
			flat = append(flat, c)
		case 'A' <= c && c <= 'Z':
			flat = append(flat, c|0x20)
		case c >= 0x80:
			return true // what else there is in other scripts is not told at a glance
		}
	}
	for i := range flat {
		if hasStem(flat[i:]) {
			return true
		}
	}
	return false
}

// hasStem says whether letters begin with a part that names of secrets have.
func hasStem(s []byte) bool {
	switch s[0] {
	case 'a':
		return begins(s, "auth")
	case 'b':
		return begins(s, "bearer")
	case 'c':
		return begins(s, "cookie") || begins(s, "credential") || begins(s, "connectionstring")
	case 'd':
		return begins(s, "dsn") || begins(s, "databaseurl")
	case 'h':
		return begins(s, "hmac")
	case 'j':
		return begins(s, "jwt")
	case 'k':
		return begins(s, "key")
	case 'o':
		return begins(s, "otp")
	case 'p':
		return begins(s, "pass") || begins(s, "pw") || begins(s, "pin")
	case 's':
		return begins(s, "se") && (begins(s, "session") || begins(s, "secret")) || begins(s, "sid") || begins(s, "sig") || begins(s, "salt")
	case 't':
		return begins(s, "token")
	}
	return false
}

func begins(s []byte, with string) bool { return len(s) >= len(with) && string(s[:len(with)]) == with }
