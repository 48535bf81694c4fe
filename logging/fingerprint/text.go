package fingerprint

// MarshalText returns what [ID.String] does, so that JSON has it as a text: as a number it is more than JSON's readers keep.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is [Parse].
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}
