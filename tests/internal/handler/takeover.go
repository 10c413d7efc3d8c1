package handler

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// ListenTakeovers has the handler take connections that leave HTTP, from now on: an upgrade becomes an echo, and CONNECT
// a tunnel.
func (h *Handler) ListenTakeovers() {
	h.server.OnUpgrade(upgraded)
	h.server.OnConnect(tunnel)
}

func upgraded(req *http.ServerRequest, socket *net.Socket, head []byte) {
	socket.OnError(func(error) {})
	socket.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + req.Headers().Get("upgrade") + "\r\n\r\n")
	socket.Write(head)
	socket.Pipe(socket)
}

// tunnel goes to the target, which is address:port.
func tunnel(req *http.ServerRequest, client *net.Socket, head []byte) {
	host, port, _ := strings.Cut(req.URL(), ":")
	number, _ := strconv.Atoi(port) // 0 is an error of Connect
	connected := false
	server := net.ConnectWith(net.ConnectOptions{Host: host, Port: number, AllowHalfOpen: true})
	client.OnError(func(error) { server.Destroy() })
	server.OnConnect(func() {
		connected = true
		client.WriteString("HTTP/1.1 200 Connection Established\r\n\r\n")
		server.Pipe(client)
	})
	server.OnError(func(err error) {
		if connected {
			client.Destroy()
			return
		}
		client.EndString("HTTP/1.1 502 Bad Gateway\r\nX-Code: " + code(err) + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	})
	server.Write(head)
	client.Pipe(server)
}
