package envcfg

import "strconv"

// Layer is one of the places that a value can come from.
type Layer string

// The layers, the strongest first.
const (
	FromProcess    Layer = "process environment"
	FromSecretFile Layer = "secret file" // NAME_FILE, or a file in one of Options.SecretDirs
	FromFile       Layer = "file"        // a .env file
	FromProfile    Layer = "profile"
	FromDefault    Layer = "default"
	FromCode       Layer = "code" // Options.Environment, or what [Fill] found in the field
	FromNowhere    Layer = "not set"
)

// Origin is where a value came from. The zero value is [FromNowhere].
type Origin struct {
	Layer Layer  `json:"layer"`
	Name  string `json:"name,omitempty"` // of the variable, when it is not the setting's own: NAME_FILE, a deprecated name
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
}

// place is the origin without a name that has been said.
func (o Origin) place(name string) string {
	if o.Name == name {
		o.Name = ""
	}
	return o.String()
}

// String returns ".env:3", "process environment", "/run/secrets/password (DB_PASSWORD_FILE)" and the like.
func (o Origin) String() string {
	var s string
	switch o.Layer {
	case FromFile:
		s = o.File
		if o.Line > 0 {
			s += ":" + strconv.Itoa(o.Line)
		}
	case FromSecretFile:
		s = o.File
	case FromProfile:
		s = "profile " + o.File
	case "":
		s = string(FromNowhere)
	default:
		s = string(o.Layer)
	}
	if o.Name != "" {
		s += " (" + o.Name + ")"
	}
	return s
}
