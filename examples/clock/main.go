// Command clock tells the time to whoever listens, with server-sent events: one event each second, with a number that goes on
// where it was when a browser connects again.
//
//	retry: 1000
//
//	id: 1
//	data: 2026-01-02T15:04:05Z
//
// A client that has gone stops its timer, and one that does not read gets no events that would only pile up.
// /listeners says how many there are.
//
// As a native program, on port 8080:
//
//	go run ./examples/clock
//	curl -N http://localhost:8080/
//
// As a plugin, on the listeners of the host:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o clock.wasm ./examples/clock
//	porthole serve clock.wasm
package main

import (
	"strconv"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/timers"
)

// interval is the time between two events; -ldflags '-X main.interval=…' changes it.
var interval = "1s"

var listeners int

func main() {
	http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		if req.URL() == "/listeners" {
			res.EndString(strconv.Itoa(listeners) + "\n")
			return
		}
		tell(req, res)
	}).Listen(8080)
	http.Run()
}

// tell sends an event at each tick, until the client has gone.
func tell(req *http.ServerRequest, res *http.ServerResponse) {
	every, err := time.ParseDuration(interval)
	if err != nil {
		panic("main.interval: " + err.Error())
	}
	res.WriteHead(200,
		http.Header{Name: "Content-Type", Value: "text/event-stream"},
		http.Header{Name: "Cache-Control", Value: "no-store"})
	res.WriteString("retry: 1000\n\n")

	id, _ := strconv.ParseUint(req.Headers().Get("last-event-id"), 10, 32) // anything else starts anew
	stalled := false
	timer := timers.SetInterval(every, func() {
		if !stalled {
			id++
			stalled = !res.WriteString("id: " + strconv.FormatUint(id, 10) + "\ndata: " + time.Now().UTC().Format(time.RFC3339) + "\n\n")
		}
	})
	res.OnDrain(func() { stalled = false })

	listeners++
	res.OnClose(func() {
		listeners--
		timer.Clear()
	})
}
