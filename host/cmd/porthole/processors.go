package main

import (
	"os"
	"runtime"
)

// spareProcessor lets Go run one goroutine more at a time than there are shards, unless an operator has said how many. If all of its processors, as Go calls
// what runs a goroutine, have a shard, its monitor takes them away from those that wait for sockets and gives them back, 50,000 times a second:
// that is an eighth of a hello. One that is idle keeps it from that. Threads that compute at the same time are no more than before.
func spareProcessor(shards int) {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) <= shards {
		runtime.GOMAXPROCS(shards + 1)
	}
}
