// Package bench measures the packages of this repository beside their peers. It is a module of its own, so that the
// peers are nobody's requirement.
//
// Every figure is a ratio to a peer measured in the same run: the two take turns in short slices on one thread, CPU time
// is read instead of the clock on the wall, and the median of five runs is reported. Absolute times are noise.
package bench
