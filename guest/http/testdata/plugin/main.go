// Command plugin is the handler of plugin_test.go.
package main

import (
	"runtime"
	"strconv"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
	"github.com/portholehttp/porthole/guest/timers"
)

func main() {
	public := http.CreateServer(serve)
	public.OnCheckContinue(func(req *http.ServerRequest, res *http.ServerResponse) {
		res.WriteContinue()
		serve(req, res)
	})
	public.OnUpgrade(func(_ *http.ServerRequest, socket *net.Socket, head []byte) {
		socket.Write(head)
		socket.Pipe(socket)
	})
	public.Listen(8000) // without the grant it goes on to serve the host's listeners

	admin := http.CreateServer(func(_ *http.ServerRequest, res *http.ServerResponse) {
		res.EndString("admin")
	})
	admin.ListenPath("/run/admin.sock", http.Callback(func() {
		println("listening on", admin.Address().Network(), admin.Address().String())
	}))
	http.Run()
}

func serve(req *http.ServerRequest, res *http.ServerResponse) {
	switch req.URL() {
	case "/echo":
		req.Pipe(res)
	case "/paused":
		req.Pause()
		http.Post(req.Resume)
		req.Pipe(res)
	case "/timer":
		timers.SetTimeout(time.Second, func() { res.EndString("at last") })
	case "/remote":
		res.EndString(req.Connection().RemoteAddress())
	case "/tunnel":
		socket := net.ConnectPath("/run/other.sock")
		socket.OnError(func(err error) { res.EndString(err.Error()) })
		socket.SetTimeout(time.Second)
		socket.Pipe(res)
	case "/proxy":
		upstream := http.Request(http.RequestOptions{Host: "upstream", Port: 8080, Method: req.Method()}, func(answer *http.ClientResponse) {
			_ = res.WriteHead(answer.StatusCode())
			answer.Pipe(res)
		})
		upstream.OnError(func(err error) {
			res.StatusCode = 502
			res.EndString(err.Error())
		})
		upstream.SetTimeout(time.Second)
		req.Pipe(upstream)
	case "/memory":
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		res.EndString(strconv.Itoa(int(m.Mallocs)) + " " + strconv.Itoa(int(m.NumGC)) + " " + strconv.Itoa(int(m.NumForcedGC)))
	case "/panic":
		panic("as the client wished")
	default:
		_ = res.WriteHead(200, http.Header{Name: "Content-Type", Value: "text/plain"})
		res.EndString("hello world\n")
	}
}
