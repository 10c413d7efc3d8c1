// Command dirty is a handler for the tests of package host that leaves all it can behind, and tells what it finds.
package main

import (
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
	"github.com/portholehttp/porthole/guest/timers"
)

// What requests leave.
var (
	served  int
	kept    map[string]string
	memory  [][]byte
	holder  = make(chan int)
	started = runtime.NumGoroutine()
	fired   bool
)

func main() {
	kept = map[string]string{"start": "yes"}
	http.CreateServer(serve)
	http.Run()
}

func serve(req *http.ServerRequest, res *http.ServerResponse) {
	found := dirt()
	res.EndString(found)

	// Behind its back, and behind the response.
	served++
	kept[req.URL()] = "secret"
	delete(kept, "start")
	for range 3 {
		go func() { holder <- served }()
	}
	timers.SetTimeout(time.Millisecond, func() { fired = true })
	switch {
	case strings.HasSuffix(req.URL(), "call"):
		http.Get(http.RequestOptions{Host: "192.0.2.1", Path: "/"}).OnError(func(error) { fired = true })
		net.Connect(9, "192.0.2.1").OnError(func(error) { fired = true })
	case strings.HasSuffix(req.URL(), "grow"):
		memory = append(memory, make([]byte, 8<<20))
	}
}

// dirt says what an earlier request has left, or "clean".
func dirt() string {
	var found []string
	note := func(dirty bool, what string) {
		if dirty {
			found = append(found, what)
		}
	}
	note(served != 0, "a global: "+strconv.Itoa(served))
	note(len(kept) != 1 || kept["start"] != "yes", "a map")
	note(runtime.NumGoroutine() != started, "goroutines")
	note(len(memory) != 0, "memory")
	note(fired, "a timer or a connection")
	note(len(http.GlobalAgent.Sockets())+len(http.GlobalAgent.Requests()) != 0, "a request of an agent")
	if len(found) == 0 {
		return "clean"
	}
	return strings.Join(found, ", ")
}
