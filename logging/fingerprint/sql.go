package fingerprint

// sqlCommand is at a word in capitals and replaces it, with the ones in capitals behind it, if it begins a command or a
// clause of SQL and the sentence goes on as those about a command do: "cannot execute CREATE TABLE in a read-only transaction".
// A statement remains. It says whether it did.
func (s *scanner) sqlCommand(end int) bool {
	switch s.in[s.at:end] {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER", "DROP", "TRUNCATE", "LOCK", "VACUUM", "ANALYZE", "REINDEX", "COPY", "GRANT",
		"REVOKE", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "DECLARE", "FETCH", "CLOSE", "PREPARE", "EXECUTE", "EXPLAIN",
		"UNION", "INTERSECT", "EXCEPT", "ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET", "CASE", "COALESCE":
	default:
		return false
	}
	next := end
	for words := 0; words < 4 && is(s.in, next, space) && is(s.in, next+1, upper); words++ {
		next = skip(s.in, next+1, upper)
		end = next
	}
	if !is(s.in, next, space) {
		return false
	}
	switch s.in[next+1 : skip(s.in, next+1, letter)] {
	case "can", "cannot", "is", "are", "must", "may", "in", "requires",
		"statement", "statements", "command", "commands", "query", "queries", "clause", "expression", "expressions", "position", "type", "types":
		s.value(end)
		return true
	}
	return false
}

// typeName is after the word "type" and replaces the name that follows if the word before says that there is one, as in
// "of type integer", "cannot cast type date to uuid" and "invalid input for type double precision". The names of SQL that
// have several words are known.
func (s *scanner) typeName() {
	switch s.lastWord(s.at - len("type")) {
	case "of", "for", "to", "as", "with", "into", "cast", "convert":
	default:
		return
	}
	for range 2 { // the second is that after "to"
		begin := s.at + 1
		if !is(s.in, s.at, space) || !is(s.in, begin, letter) {
			return
		}
		end, w := wordEnd(s.in, begin)
		if w.digits > 0 || s.in[begin:end] == "mismatch" {
			return
		}
		s.at = begin
		s.out.space = true
		s.value(typeEnd(s.in, begin, end))
		s.out.release(s.in, s.at) // it is not the first of a list
		if !hasPrefix(s.in[s.at:], " to ") {
			return
		}
		s.at++
		s.out.space = true
		s.literal(s.at + len("to"))
	}
}

// typeEnd returns where the name of a type ends of which the first word is at begin to end.
func typeEnd(in string, begin, end int) int {
	switch in[begin:end] {
	case "double", "character", "bit", "timestamp", "time":
		for _, rest := range [...]string{" precision", " varying", " with time zone", " without time zone"} {
			if hasPrefix(in[end:], rest) {
				end += len(rest)
			}
		}
	}
	if hasPrefix(in[end:], "[]") {
		end += len("[]")
	}
	return end
}

// lastWord returns the word before i, of up to eight letters.
func (s *scanner) lastWord(i int) string {
	if i--; !is(s.in, i, space) {
		return ""
	}
	begin := i
	for i-begin < 8 && is(s.in, begin-1, letter) {
		begin--
	}
	return s.in[begin:i]
}
