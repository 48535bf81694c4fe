package fingerprint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

func TestRules(t *testing.T) {
	t.Parallel()
	for name, messages := range map[string][][2]string{
		"a list of names and values at the end": {
			{`access denied, client: 192.0.2.1, server: shop.example, request: "GET /, x: y"`, "access denied"},
			{`access denied, client: [2001:db8::1]:80, upstream_host: a`, "access denied"},
			{`excess: 0.5 by zone "x", client: 192.0.2.1, server: a`, "excess: <*> by zone <*>"},
			{`done, a: b, took: 5 ms in all`, "done, a: b, took: <*> in all"},
			{`got [a: b, c: d, e: f]`, "got [a: b, c: d, e: f]"},
			{`done, status: good`, "done, status: good"},
			{`done, Status: good, Code: bad`, "done, Status: good, Code: bad"},
			{`done, reason: it broke, hint: try again`, "done, reason: it broke, hint: try again"},
			{`state: up, role: leader, term: 7`, "state: up, role: leader, term: <*>"},
			{`read (x 7), a: b, c: d`, "read (x <*>)"},
			{`done, a: "b, c: d`, `done, a: "b, c: d`},
		},
		"a number with its name": {
			{"open() failed (2: No such file or directory) while reading", "open() failed <*> while reading"},
			{"open() failed (2, no such file)", "open() failed (<*>, no such file)"},
			{`failed (2: "x" is gone)`, "failed (<*> is gone)"},
			{"failed (2: unclosed", "failed (<*>: unclosed"},
		},
		"types": {
			{"column is of type timestamp without time zone but is", "column is of type <*> but is"},
			{`invalid input for type integer: "x"`, "invalid input for type <*>: <*>"},
			{"cannot cast type uuid[] to double precision", "cannot cast type <*> to <*>"},
			{"error of type mismatch", "error of type mismatch"},
			{"wrong type given", "wrong type given"},
		},
		"commands of SQL": {
			{"ROLLBACK TO SAVEPOINT can only be used in a block", "<*> can only be used in a block"},
			{"cannot execute INSERT in a standby", "cannot execute <*> in a standby"},
			{"DELETE FROM people WHERE id = 7", "DELETE FROM people WHERE id = <*>"},
			{"COMMIT failed", "COMMIT failed"},
			{"cannot use SELECT", "cannot use SELECT"},
			{"TLS is broken", "TLS is broken"},
			{"SET A B C D E is long", "SET A B C D E is long"},
		},
		"names": {
			{"function next price(integer, text[]) does not exist", "function <*> does not exist"},
			{"column people.o'hara does not exist", "column <*> does not exist"},
			{"function f(a in b) does not exist", "function <*> does not exist"},
			{`column a "b" does not exist`, "column a <*> does not exist"},
			{"schema attic already exists", "schema <*> already exists"},
			{"column a of x does not exist", "column a of x does not exist"},
			{"user name does not exist", "user name does not exist"},
			{`column "a" of "b" does not exist`, "column <*> of <*> does not exist"},
			{"table people because others need it", "table <*> because others need it"},
			{"operator does not exist: uuid + date", "operator does not exist: <*>"},
			{"bucket already exists: photos: try again", "bucket already exists: <*>: try again"},
			{"users_2024 does not exist", "<*> does not exist"},
		},
		"lists and objects": {
			{"peers [] agree", "peers [<*>] agree"},
			{"f[] and g()", "f[] and g()"},
			{"voters=(7 8) now", "voters=<*> now"},
			{`{"id": 7}`, `{"id": <*>}`},
			{`could not open file "x": broken`, "could not open file <*>: broken"},
		},
		"addresses": {
			{"https://shop.example/x and ftp://a/b are up", "<*> and <*> are up"},
			{"bound [fe80::1%eth0]:443 again", "bound <*> again"},
			{"bound [::1] again", "bound <*> again"},
			{"saw [ab:cd] again", "saw [ab:cd] again"},
			{`opened C:\temp\a.txt again`, "opened <*> again"},
			{"shop.example is up", "<*> is up"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, m := range messages {
				require.Equal(t, m[1], fingerprint.Template(m[0]), m[0])
			}
		})
	}
}
