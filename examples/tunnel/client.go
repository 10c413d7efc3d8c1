package main

import (
	"net/url"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// fetch makes a request through a tunnel of this very proxy.
func fetch(req *http.ServerRequest, res *http.ServerResponse) {
	location, err := url.Parse(req.URL())
	if err != nil || !location.Query().Has("target") {
		res.StatusCode = 400
		res.EndString("say where to: /?target=host:port\n")
		return
	}
	target := location.Query().Get("target")
	self := req.Connection()
	request := http.Request(http.RequestOptions{
		Host:   self.LocalAddress(),
		Port:   self.LocalPort(),
		Method: "CONNECT",
		Path:   target,
	})
	request.OnConnect(func(_ *http.ClientResponse, socket *net.Socket, head []byte) {
		socket.OnError(func(error) { res.Destroy() }) // a part must not look like the whole
		res.OnClose(socket.Destroy)
		res.SetHeader("Content-Type", "text/plain")
		socket.WriteString("GET / HTTP/1.1\r\n" +
			"Host: " + target + "\r\n" +
			"Connection: close\r\n" +
			"\r\n")
		res.Write(head) // the first bytes from inside of the tunnel, if they came with the proxy's answer
		socket.Pipe(res)
	})
	request.OnResponse(func(answer *http.ClientResponse) { // the proxy says why there is no tunnel
		res.StatusCode = answer.StatusCode()
		answer.OnClose(func(error) { res.Destroy() })
		answer.Pipe(res)
	})
	request.OnError(func(err error) {
		if res.HeadersSent() {
			res.Destroy()
			return
		}
		res.StatusCode = 502
		res.EndString(code(err) + "\n")
	})
	res.OnClose(request.Abort)
	request.End()
}
