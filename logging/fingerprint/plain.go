package fingerprint

// plain is at a word that looks like one. What stands around it may still make it a value.
func (s *scanner) plain(end int, w shape) {
	text := s.in[s.at:end]
	if s.count >= 0 && s.afterCount(text, end, w) {
		return
	}
	if isConstant(text) || isDateWord(text) && s.beforeDate(end) {
		s.value(end)
		return
	}
	if int(w.uppers) == len(text) && s.sqlCommand(end) {
		return
	}
	s.literal(end)
	switch text {
	case "type":
		s.typeName()
	case "user", "role", "database", "schema", "table", "relation", "column", "sequence", "index", "topic", "queue", "bucket", "function", "for":
		s.name(text)
	case "exist", "exists":
		s.absent()
	}
}

// afterCount handles a word right after a number: 5 MB, 3 rows, 10:15 PM, 12 Nov. It says whether it did.
func (s *scanner) afterCount(text string, end int, w shape) bool {
	between := s.at - s.count
	s.count = -1
	if between > 1 || between == 1 && s.in[s.at-1] != ' ' {
		return false
	}
	if isUnit(text) || isZone(text) || isMonth(text) {
		s.value(end)
		s.count = -1
		return true
	}
	if n := len(text); n > 3 && w.uppers == 0 && text[n-1] == 's' && text[n-2] != 's' {
		s.literal(end - 1)
		s.at = end
		return true
	}
	return false
}

func isConstant(text string) bool {
	switch text {
	case "true", "false", "True", "False", "TRUE", "FALSE", "null", "NULL", "nil", "None", "localhost":
		return true
	}
	return false
}

// isUnit says whether a word is a unit of time or of size.
func isUnit(text string) bool {
	switch text {
	case "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "sec", "secs", "min", "mins", "second", "seconds", "minute", "minutes", "hour", "hours",
		"day", "days", "msec", "usec", "millisecond", "milliseconds", "microseconds",
		"B", "b", "k", "K", "M", "G", "T", "KB", "kB", "kb", "MB", "mb", "GB", "gb", "TB", "KiB", "MiB", "GiB", "TiB", "byte", "bytes", "Bytes":
		return true
	}
	return false
}

// isZone says whether a word stands after a time of day.
func isZone(text string) bool {
	switch text {
	case "AM", "PM", "am", "pm", "UTC", "GMT", "Z", "CET", "CEST", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "BST", "MSK", "IST", "JST":
		return true
	}
	return false
}

func isMonth(text string) bool {
	switch text {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "January", "February", "March", "April",
		"June", "July", "August", "September", "October", "November", "December":
		return true
	}
	return false
}

func isDateWord(text string) bool {
	switch text {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday":
		return true
	}
	return isMonth(text)
}

// beforeDate says whether the word that ends at i is followed by a day, or by a month and a day.
func (s *scanner) beforeDate(i int) bool {
	for range 2 {
		if i < len(s.in) && s.in[i] == ',' {
			i++
		}
		begin := skip(s.in, min(i, len(s.in)), space)
		if is(s.in, begin, digit) {
			return true
		}
		i = begin
		for i < begin+9 && is(s.in, i, letter) {
			i++
		}
		if !isMonth(s.in[begin:i]) {
			return false
		}
	}
	return false
}
