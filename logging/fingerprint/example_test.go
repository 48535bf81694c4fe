package fingerprint_test

import (
	"fmt"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

func ExampleID() {
	a := fingerprint.Of("app.users", "user 4711 not found", "")
	b := fingerprint.Of("app.users", "user 815 not found", "")
	fmt.Println(a == b, a)
	// Output: true 820b89f884480b14
}

func ExampleNamed() {
	fmt.Println(fingerprint.Named("database-down"))
	// Output: 0b4ac915a35640e3
}

func ExampleTemplate() {
	fmt.Println(fingerprint.Template(`connect to 192.0.2.1:5432 failed after 1.5s`))
	// Output: connect to <*> failed after <*>
}
