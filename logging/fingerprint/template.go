package fingerprint

// Placeholder stands in a template where a message has a value.
const Placeholder = "<*>"

// Template returns the template of a message.
func Template(msg string) string {
	return string(AppendTemplate(make([]byte, 0, len(msg)+len(Placeholder)), msg))
}

// AppendTemplate appends the template of a message to dst and returns it. It allocates nothing but what dst needs to grow.
func AppendTemplate(dst []byte, msg string) []byte {
	var s scanner
	s.out.text, s.out.keep = dst, true
	s.scan(msg)
	return s.out.text
}
