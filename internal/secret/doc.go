// Package secret finds secrets by the names of values and by what texts look like. It is shared by what shows values to people
// and by what writes them into logs.
//
// It is a net, not a licence: names and patterns do not know every secret. What it must not do is hide what operators have to
// read, so a name such as token_count is harmless, and so is the text "the token is expired".
package secret
