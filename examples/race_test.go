//go:build race

package examples

// raced says that the race detector is on, with which the compilation of a large module takes minutes.
const raced = true
