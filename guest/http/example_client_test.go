//go:build !wasip1

package http_test

import (
	"fmt"
	stdnet "net"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// portOf is the port that a server listens on.
func portOf(server *http.Server) int {
	_, port, _ := stdnet.SplitHostPort(server.Address().String())
	n, _ := strconv.Atoi(port)
	return n
}

// A request with a body, and the answer.
func ExampleRequest() {
	server := http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) { req.Pipe(res) })
	server.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() {
		req := http.Request(http.RequestOptions{Host: "127.0.0.1", Port: portOf(server), Method: "POST", Path: "/upload"}, func(res *http.ClientResponse) {
			fmt.Println("STATUS:", res.StatusCode())
			body := ""
			res.OnData(func(chunk []byte) { body += string(chunk) })
			res.OnEnd(func() {
				fmt.Printf("BODY: %q\n", body)
				server.Close()
			})
		})
		req.OnError(func(err error) { fmt.Println("problem with request:", err) })
		req.WriteString("data\n")
		req.WriteString("data\n")
		req.End()
	}))
	http.Run()
	// Output:
	// STATUS: 200
	// BODY: "data\ndata\n"
}

// A tunnel through a proxy.
func ExampleClientRequest_OnConnect() {
	proxy := http.CreateServer()
	proxy.OnRequest(func(_ *http.ServerRequest, res *http.ServerResponse) { res.EndString("okay") })
	proxy.OnConnect(func(req *http.ServerRequest, client *net.Socket, head []byte) {
		host, port, _ := strings.Cut(req.URL(), ":")
		n, _ := strconv.Atoi(port)
		origin := net.Connect(n, host)
		client.WriteString("HTTP/1.1 200 Connection Established\r\n\r\n")
		origin.Write(head)
		origin.Pipe(client)
		client.Pipe(origin)
	})
	proxy.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() {
		target := "127.0.0.1:" + strconv.Itoa(portOf(proxy)) // through the proxy to itself
		req := http.Request(http.RequestOptions{Host: "127.0.0.1", Port: portOf(proxy), Method: "CONNECT", Path: target})
		req.End()
		req.OnConnect(func(_ *http.ClientResponse, socket *net.Socket, _ []byte) {
			fmt.Println("got connected!")
			socket.WriteString("GET / HTTP/1.1\r\nHost: " + target + "\r\nConnection: close\r\n\r\n")
			answer := ""
			socket.OnData(func(chunk []byte) { answer += string(chunk) })
			socket.OnEnd(func() {
				status, _, _ := strings.Cut(answer, "\r\n")
				fmt.Println(status)
				proxy.Close()
			})
		})
	}))
	http.Run()
	// Output:
	// got connected!
	// HTTP/1.1 200 OK
}

// Another protocol on the connection.
func ExampleClientRequest_OnUpgrade() {
	server := http.CreateServer()
	server.OnUpgrade(func(_ *http.ServerRequest, socket *net.Socket, _ []byte) {
		socket.WriteString("HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n")
		socket.Pipe(socket) // echo back
	})
	server.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() {
		req := http.Request(http.RequestOptions{Host: "127.0.0.1", Port: portOf(server), Headers: http.Headers{
			{Name: "Connection", Value: "Upgrade"}, {Name: "Upgrade", Value: "websocket"},
		}})
		req.End()
		req.OnUpgrade(func(_ *http.ClientResponse, socket *net.Socket, _ []byte) {
			fmt.Println("got upgraded!")
			socket.OnData(func(chunk []byte) { fmt.Printf("%s\n", chunk) })
			socket.OnClose(func(bool) { server.Close() })
			socket.EndString("echo")
		})
	}))
	http.Run()
	// Output:
	// got upgraded!
	// echo
}
