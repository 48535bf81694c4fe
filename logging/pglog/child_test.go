package pglog_test

func child() bool { return false }
