// Command upgrade is the pair of server and client that Node's document has for 'upgrade'. The server lets go of HTTP for a
// protocol in which it says what it is told: "echo". The client is one of its own handlers: /try asks the server for that
// protocol, speaks it, and answers with what came back.
//
// As a native program, on port 8080:
//
//	go run ./examples/upgrade
//	curl http://localhost:8080/try?text=hello
//
// As a plugin, on the listeners of the host, which must allow it to connect to itself:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o upgrade.wasm ./examples/upgrade
//	porthole serve --allow-connect 127.0.0.1:8080 upgrade.wasm
package main

import (
	"net/url"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

func main() {
	server := http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		if target, err := url.Parse(req.URL()); err == nil && target.Path == "/try" {
			try(req, res, target.Query().Get("text"))
			return
		}
		res.EndString("okay\n")
	})
	server.OnUpgrade(upgrade)
	server.Listen(8080)
	http.Run()
}

// upgrade is the server's side. The socket is ours from here on, and what we write to it goes out as it is.
func upgrade(req *http.ServerRequest, socket *net.Socket, head []byte) {
	socket.OnError(func(error) {}) // the client broke off: nothing is left to do
	if !strings.EqualFold(req.Headers().Get("upgrade"), "echo") {
		socket.EndString("HTTP/1.1 426 Upgrade Required\r\n" +
			"Upgrade: echo\r\n" +
			"Connection: Upgrade, close\r\n" +
			"Content-Length: 0\r\n" +
			"\r\n")
		return
	}
	socket.WriteString("HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: echo\r\n" +
		"Connection: Upgrade\r\n" +
		"\r\n")
	socket.Write(head) // the first bytes of the new protocol, if they came with the request
	socket.Pipe(socket)
}

// try is the client's side.
func try(req *http.ServerRequest, res *http.ServerResponse, text string) {
	self := req.Connection()
	request := http.Request(http.RequestOptions{
		Host: self.LocalAddress(),
		Port: self.LocalPort(),
		Headers: http.Headers{
			{Name: "Connection", Value: "Upgrade"},
			{Name: "Upgrade", Value: "echo"},
		},
	})
	request.OnUpgrade(func(_ *http.ClientResponse, socket *net.Socket, head []byte) {
		socket.OnError(func(error) { res.Destroy() }) // a part must not look like the whole
		res.OnClose(socket.Destroy)
		socket.EndString(text)
		res.Write(head)
		socket.Pipe(res) // until the server ends its side too
	})
	request.OnResponse(func(answer *http.ClientResponse) {
		res.StatusCode = 502
		res.EndString("no upgrade: " + answer.StatusMessage() + "\n")
	})
	request.OnError(func(err error) {
		res.StatusCode = 502
		res.EndString(err.Error() + "\n")
	})
	request.End()
}
