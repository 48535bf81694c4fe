//go:build !linux

package sysmon_test

import "errors"

func child(string) error { return errors.New("there are control groups on Linux only") }
