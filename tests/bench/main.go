// Command bench measures the hello exchange of Porthole side by side with servers people run today, in
// one run and in rotating order, and prints a table: requests per second, CPU time of the server process
// per request, and its resident memory under load.
//
//	go run ./tests/bench [-rounds 5] [-time 2s] [-connections 64] -porthole bin/porthole -handler build/hello.wasm
//
// Requests per second depend on what else the machine does, the load generator included; CPU per request
// much less. Ratios between rows of one table are what to quote. It needs Linux, for /proc.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == serveNetHTTP {
		exit(runNetHTTP())
	}
	var c config
	flag.IntVar(&c.rounds, "rounds", 5, "how often each server is measured; medians are printed")
	flag.DurationVar(&c.time, "time", 2*time.Second, "how long each measurement takes, after a warm-up of half of it")
	flag.IntVar(&c.connections, "connections", 64, "keep-alive connections")
	flag.StringVar(&c.porthole, "porthole", "bin/porthole", "the porthole command")
	flag.StringVar(&c.handler, "handler", "build/hello.wasm", "the hello handler")
	flag.Parse()
	exit(run(c, os.Stdout))
}

type config struct {
	rounds, connections int
	time                time.Duration
	porthole, handler   string
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
