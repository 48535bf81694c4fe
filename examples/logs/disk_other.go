//go:build !unix

package main

import "errors"

// takeDisk has no way to do it here.
func takeDisk() (giveBack func(), err error) {
	return nil, errors.New("this system cannot limit the size of files")
}
