// Command dirt is a guest that leaves dirt in all ways that Go has, and says what it finds of it. Build it with
// -buildmode=c-shared.
package main

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"time"
)

var (
	counter  int
	names    = make(map[string][]byte)
	mutex    sync.Mutex
	messages = make(chan int, 1<<10)
	kept     [][]byte
)

func main() {}

// found returns how much dirt there is: 0 in a fresh guest.
//
//go:wasmexport found
func found() int64 {
	if !mutex.TryLock() {
		return -1
	}
	mutex.Unlock()
	return int64(counter + len(names) + len(messages) + len(kept) + runtime.NumGoroutine() - 1)
}

// dirty leaves a goroutine that waits for good, one that sleeps, a global, an entry of a map, a message, memory that is
// in use, and a locked mutex.
//
//go:wasmexport dirty
func dirty(size int32) {
	counter++
	names[strconv.Itoa(counter)] = make([]byte, 100)
	messages <- counter
	kept = append(kept, make([]byte, size))
	for i := range kept[0] {
		kept[0][i] = byte(i)
	}
	go func() { select {} }()
	go func() {
		time.Sleep(time.Hour)
		mutex.Unlock()
	}()
	runtime.Gosched()
	mutex.Lock()
}

// draw returns a number of the generator that the runtime has seeded when it started.
//
//go:wasmexport draw
func draw() int64 { return rand.Int64() }

// work is what a light request needs of a heap. It leaves nothing on purpose, and a little by accident.
//
//go:wasmexport work
func work() int64 {
	headers := make(map[string]string)
	var body []byte
	for i := range 8 {
		name := "header-" + strconv.Itoa(i)
		headers[name] = name + "-value"
		body = append(body, headers[name]...)
	}
	return int64(len(body))
}
