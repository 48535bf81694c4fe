module github.com/prodwright/prodwright/examples

go 1.26.0

require github.com/prodwright/prodwright v0.0.0

replace github.com/prodwright/prodwright => ../
