//go:build race

package host_test

// raceEnabled reports whether the race detector is at work, which makes the host ten times slower.
const raceEnabled = true
