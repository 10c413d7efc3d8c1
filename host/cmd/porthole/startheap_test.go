package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

// collecting returns what is set for the collection of garbage.
func collecting() (percent int, limit int64) {
	percent = debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

func TestStartWithoutCollecting(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	percent, limit := collecting()
	resume := startWithoutCollecting()
	during, bound := collecting()
	resume()
	assert.Equal(t, -1, during)
	assert.EqualValues(t, startHeap, bound, "a start that takes much memory is bounded")
	after, unbound := collecting()
	assert.Equal(t, percent, after)
	assert.Equal(t, limit, unbound)

	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Setenv(name, "200")
		resume := startWithoutCollecting()
		during, bound := collecting()
		assert.Equal(t, percent, during, name)
		assert.Equal(t, limit, bound, name)
		resume()
		t.Setenv(name, "")
	}
}
