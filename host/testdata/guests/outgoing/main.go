// Command outgoing is a handler for the tests of package host. It listens on a port of its own, 127.0.0.1:0, and the path of
// a request says what it does.
package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
	"github.com/portholehttp/porthole/guest/timers"
)

var where string // its own server listens, or why it does not

func main() {
	own := http.CreateServer(serve)
	own.OnError(func(err error) { where = err.Error() })
	own.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() { where = own.Address().String() }))
	host := http.CreateServer(serve)
	host.OnUpgrade(func(_ *http.ServerRequest, socket *net.Socket, head []byte) {
		socket.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		socket.OnData(func(chunk []byte) { socket.Write(chunk) })
		socket.OnEnd(func() { socket.End() })
	})
	http.Run()
}

func serve(req *http.ServerRequest, res *http.ServerResponse) {
	act, target, _ := strings.Cut(strings.TrimPrefix(req.URL(), "/"), "/")
	host, number, _ := strings.Cut(target, ":")
	port, _ := strconv.Atoi(number)
	switch act {
	case "where":
		res.EndString(where)
	case "peer":
		res.EndString(req.Connection().RemoteAddress() + ":" + strconv.Itoa(req.Connection().RemotePort()))
	case "get":
		get(http.RequestOptions{Hostname: host, Port: port}, res)
	case "unix":
		get(http.RequestOptions{SocketPath: "/" + target}, res)
	case "insecure":
		get(http.RequestOptions{Protocol: "https:", Hostname: host, Port: port, InsecureSkipVerify: true}, res)
	case "https":
		get(http.RequestOptions{Protocol: "https:", Hostname: host, Port: port}, res)
	case "raw": // what a connection brings
		s := net.Connect(port, host)
		s.OnData(func(chunk []byte) { res.Write(chunk) })
		s.OnError(func(err error) { res.WriteString(err.Error()) })
		s.OnClose(func(bool) { res.End() })
	case "timer":
		timers.SetTimeout(time.Millisecond, func() { res.EndString("later") })
	case "panic":
		panic("on purpose")
	}
}

// get answers with the body of a response, or with an error.
func get(options http.RequestOptions, res *http.ServerResponse) {
	r := http.Get(options, func(got *http.ClientResponse) {
		got.OnData(func(chunk []byte) { res.Write(chunk) })
		got.OnEnd(func() { res.End() })
	})
	r.OnError(func(err error) { res.EndString(err.Error()) })
}
