// Command observed is a handler for the tests of what package host observes. The path of a request says what becomes of it.
package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

func main() {
	server := http.CreateServer(serve)
	server.OnUpgrade(func(_ *http.ServerRequest, socket *net.Socket, _ []byte) {
		socket.OnError(func(error) {})
		socket.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		socket.Pipe(socket)
	})
	http.Run()
}

func serve(req *http.ServerRequest, res *http.ServerResponse) {
	path, _, _ := strings.Cut(req.URL(), "?")
	switch name, argument, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); name {
	case "fields": // all lines about tracing, as they came
		var lines strings.Builder
		for _, h := range req.RawHeaders() {
			if strings.HasPrefix(strings.ToLower(h.Name), "trace") {
				lines.WriteString(h.Name + ": " + h.Value + "\n")
			}
		}
		res.EndString(lines.String())
	case "status":
		status, _ := strconv.Atoi(argument)
		res.WriteHead(status)
		res.End()
	case "panic":
		panic("on purpose")
	case "exit":
		os.Exit(3)
	case "loop":
		for turns := 0; ; turns++ {
			if turns < 0 {
				return
			}
		}
	case "half": // the head and a piece, then it panics when more of the body arrives
		res.WriteHead(200)
		res.WriteString("half of it")
		req.OnData(func([]byte) { panic("halfway") })
	case "wait": // answers when the body has arrived
		res.WriteHead(200)
		res.WriteString("waiting")
		req.OnData(func([]byte) {})
		req.OnEnd(func() { res.End() })
	default:
		res.EndString("hello\n")
	}
}
