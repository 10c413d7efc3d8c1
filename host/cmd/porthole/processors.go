package main

import (
	"os"
	"runtime"
)

// spareProcessor lets Go run one goroutine more at a time than there are shards, unless an operator has said how many. If all of its processors, as Go calls
// what runs a goroutine, have a shard, its monitor takes them from shards that wait for sockets, and is woken for it all the time. One that is idle
// keeps it from that, which takes an eighth to a fifth off a hello with two shards.
func spareProcessor(shards int) {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) <= shards {
		runtime.GOMAXPROCS(shards + 1)
	}
}
