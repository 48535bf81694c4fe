package users

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/prodwright/prodwright/examples/fullservice/problem"
)

// Limits of the fields, in characters. The tables have the same.
const (
	maxName  = 200
	maxEmail = 254
)

// input is what a client may say about a user.
type input struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// faults returns all that is wrong with it.
func (in input) faults() []problem.Fault {
	var faults []problem.Fault
	fault := func(pointer, detail string) { faults = append(faults, problem.Fault{Pointer: pointer, Detail: detail}) }
	switch {
	case strings.TrimSpace(in.Name) == "":
		fault("#/name", "must not be empty")
	case utf8.RuneCountInString(in.Name) > maxName:
		fault("#/name", "must have at most 200 characters")
	case strings.ContainsRune(in.Name, 0):
		fault("#/name", "must not contain the character U+0000")
	}
	if a, err := mail.ParseAddress(in.Email); err != nil || a.Address != in.Email || utf8.RuneCountInString(in.Email) > maxEmail || strings.ContainsRune(in.Email, 0) {
		fault("#/email", "must be an e-mail address of at most 254 characters")
	}
	return faults
}
