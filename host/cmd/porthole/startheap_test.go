package main

import (
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/assert"
)

// collecting returns what is set for the collection of garbage: -1 percent is none.
func collecting() (percent, limit int64) {
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
}

func TestStartWithoutCollecting(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	percent, limit := collecting()
	resume := startWithoutCollecting()
	during, bound := collecting()
	resume()
	assert.EqualValues(t, -1, during)
	assert.EqualValues(t, startHeap, bound, "a start that takes much memory is bounded")
	after, unbound := collecting()
	assert.Equal(t, percent, after)
	assert.Equal(t, limit, unbound)

	// A heap that becomes that large ends it.
	resume = startWithoutCollecting()
	runtime.GC()
	for during, bound = collecting(); during != percent || bound != limit; during, bound = collecting() {
		runtime.Gosched()
	}
	resume()

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
