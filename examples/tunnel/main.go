// Command tunnel is the pair of proxy and client that Node's document has for 'connect'. The proxy connects to whatever it is asked
// for with CONNECT, and passes bytes both ways. The client is one of its own handlers: it asks the proxy for a tunnel to
// the target in the query, makes a request inside of it, and streams back what it gets, head and all.
//
// As a native program, on port 8080:
//
//	go run ./examples/tunnel
//	curl -p -x http://localhost:8080 http://example.org/
//	curl http://localhost:8080/?target=example.org:80
//
// As a plugin, on the listeners of the host. Which targets there are is the host's to say, and for the client's sake
// the proxy is one of them:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o tunnel.wasm ./examples/tunnel
//	porthole serve --allow-connect example.org:80 --allow-connect 127.0.0.1:8080 tunnel.wasm
package main

import (
	"github.com/portholehttp/porthole/guest/http"
)

func main() {
	server := http.CreateServer(fetch)
	server.OnConnect(connect)
	server.Listen(8080)
	http.Run()
}
