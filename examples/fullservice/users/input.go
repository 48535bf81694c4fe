package users

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"strings"
	"unicode"
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

// decode reads the body of a request.
func decode(w http.ResponseWriter, r *http.Request) (in input, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return in, problem.New(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return in, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body may have %d bytes", MaxBody))
	case err != nil:
		return in, problem.New(http.StatusBadRequest, "the body ends too early")
	case !utf8.Valid(text):
		return in, problem.New(http.StatusBadRequest, "the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(&in)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more after it")
		}
	}
	if err != nil {
		return in, problem.New(http.StatusBadRequest, "the body is not the JSON of a user: "+told(err))
	}
	return in, nil
}

// told says what is wrong in the client's words, not in those of Go.
func told(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return "it is not an object"
		}
		return e.Field + " is not a string"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// faults returns all that is wrong with it.
func (in input) faults() []problem.Fault {
	var faults []problem.Fault
	fault := func(pointer, detail string) { faults = append(faults, problem.Fault{Pointer: pointer, Detail: detail}) }
	switch {
	case !strings.ContainsFunc(in.Name, visible):
		fault("#/name", "must not be empty")
	case utf8.RuneCountInString(in.Name) > maxName:
		fault("#/name", "must have at most 200 characters")
	case strings.ContainsFunc(in.Name, control):
		fault("#/name", "must not contain control characters")
	}
	if a, err := mail.ParseAddress(in.Email); err != nil || a.Address != in.Email || utf8.RuneCountInString(in.Email) > maxEmail || strings.ContainsFunc(in.Email, control) {
		fault("#/email", "must be an e-mail address of at most 254 characters")
	}
	return faults
}

// visible says whether a character leaves ink: spaces, marks and fillers alone are no name.
func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// control says whether a character breaks lines, steers terminals, or stands for what was not UTF-8.
func control(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}
