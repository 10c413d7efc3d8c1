// Command websocket is a WebSocket server (RFC 6455) that sends each message back. HTTP ends with the upgrade; framing is from
// github.com/gobwas/ws, of which a plugin uses the parts that need no net.Conn, for its bytes come as events.
//
// As a native program, on port 8080:
//
//	go run ./examples/websocket
//	npx wscat -c ws://localhost:8080/
//
// As a plugin, on the listeners of the host:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o websocket.wasm ./examples/websocket
//	porthole serve websocket.wasm
package main

import (
	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

func main() {
	server := http.CreateServer(func(_ *http.ServerRequest, res *http.ServerResponse) {
		res.WriteHead(426,
			http.Header{Name: "Upgrade", Value: "websocket"},
			http.Header{Name: "Connection", Value: "Upgrade"})
		res.EndString("WebSocket is spoken here\n")
	})
	server.OnUpgrade(upgrade)
	server.Listen(8080)
	http.Run()
}

func upgrade(req *http.ServerRequest, socket *net.Socket, head []byte) {
	socket.OnError(func(error) {}) // 'close' follows
	accept, refusal := handshake(req)
	if refusal != "" {
		socket.EndString(refusal)
		return
	}
	socket.WriteString("HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + accept + "\r\n" +
		"\r\n")
	serve(socket, head)
}
