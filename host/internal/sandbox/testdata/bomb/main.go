// Command bomb is a guest in Go that does not end, in several ways, and shows what it has of WASI.
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

var sink int

//go:wasmexport loop
func loop() {
	for {
		sink++
	}
}

//go:wasmexport recurse
func recurse() { sink = deeper(1) }

func deeper(n int) int { return deeper(n+1) + n }

// The package's own bound is linear, for one match: this looks for one at each of many places.
//
//go:wasmexport regexp
func bomb() {
	re := regexp.MustCompile(`(?:a|aa|aaa)*(?:a|b|ab)*c`)
	sink = len(re.FindAllStringIndex(strings.Repeat("a", 1<<20), -1))
}

//go:wasmexport yield
func yield() {
	for {
		runtime.Gosched()
	}
}

//go:wasmexport goroutines
func goroutines() {
	c := make(chan int)
	go func() {
		for {
			c <- 1
		}
	}()
	for range c {
		sink++
	}
}

//go:wasmexport collect
func collect() {
	for {
		runtime.GC()
	}
}

//go:wasmexport sleep
func sleep() { time.Sleep(1000 * time.Hour) }

//go:wasmexport allocate
func allocate() {
	var all [][]byte
	for {
		all = append(all, make([]byte, 1<<16))
		sink += len(all)
	}
}

//go:wasmexport deadlock
func deadlock() { select {} }

//go:wasmexport panics
func panics() { panic("on purpose") }

//go:wasmexport leave
func leave() { os.Exit(3) }

// tour says what there is, in lines.
//
//go:wasmexport tour
func tour() {
	fmt.Println(os.Args, os.Environ())
	_, err := os.Open("/etc/passwd")
	fmt.Println(err)
	_, err = os.ReadDir("/")
	fmt.Println(err)
	n, err := os.Stdin.Read(make([]byte, 10))
	fmt.Println(n, err)
	info, err := os.Stdout.Stat()
	fmt.Println(info.Mode(), err)
	begin := time.Now()
	time.Sleep(2 * time.Millisecond)
	fmt.Println(time.Since(begin) >= 2*time.Millisecond, begin.Year() >= 2026)
	fmt.Println(rand.Read(make([]byte, 100)))
	fmt.Fprintln(os.Stderr, "done")
}

func main() {}
