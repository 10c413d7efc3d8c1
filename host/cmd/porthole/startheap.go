package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// startHeap is how large the heap may become, in bytes, while the command starts, before garbage is collected.
const startHeap = 128 << 20

// startWithoutCollecting puts collections of garbage off until resume is called, or the heap is that large: most of what is allocated during the start,
// such as modules, stays, and a tenth of the time would go into looking at it again and again while the heap grows. An operator who has set bounds
// for Go's memory keeps them.
func startWithoutCollecting() (resume func()) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if os.Getenv(name) != "" {
			return func() {}
		}
	}
	limit := debug.SetMemoryLimit(startHeap)
	percent := debug.SetGCPercent(-1)
	resume = sync.OnceFunc(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	// The first collection frees this. With the bound alone Go would do little but collect once so much is in use.
	runtime.AddCleanup(new([64]byte), func(resume func()) { resume() }, resume)
	return resume
}
