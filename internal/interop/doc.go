// Package interop tests that programs of others read what this repository writes. It is a module of its own, so that what
// these programs require is nobody's requirement.
package interop
