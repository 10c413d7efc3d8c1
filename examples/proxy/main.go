// Command proxy is a reverse proxy: it passes each request on to a server, and the response back.
//
// Bodies stream through both ways, and trailers with them. A client that does not read makes the server wait, and a server
// that does not read makes the client wait; a client that goes away takes its request to the server with it. Connections to
// the server are pooled. Protocols that begin with an Upgrade, such as WebSocket, are tunneled. If the server cannot be
// reached or breaks off, the answer is status 502; if it is silent for too long, 504; and once a response has begun, its
// connection breaks, so that a part never looks like the whole.
//
// As a native program, on port 8080, with the echo example on port 8081 to pass requests to:
//
//	porthole serve --listen 127.0.0.1:8081 echo.wasm
//	go run ./examples/proxy
//	curl -T bigfile http://localhost:8080/ | cmp - bigfile
//
// As a plugin, on the listeners of the host, which must allow the connections:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o proxy.wasm ./examples/proxy
//	porthole serve --allow-connect 127.0.0.1:8081 proxy.wasm
//
// The settings are variables of the program: -ldflags '-s -w -X main.port=3000 -X main.authority=example.org'.
package main

import (
	"strconv"
	"time"

	"github.com/portholehttp/porthole/guest/http"
)

var (
	host = "127.0.0.1" // of the server
	port = "8081"

	// authority is the Host field that the server gets; "" keeps the client's.
	authority = ""

	// silence is how long the server may neither take nor send anything. The default is more than what a host gives a
	// silent client, so that it is never the client who makes it pass.
	silence = "3m"
)

func main() {
	p := newProxy()
	server := http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) { p.forward(req, res) })
	server.OnCheckContinue(p.forwardExpecting)
	server.OnUpgrade(p.tunnel)
	server.Listen(8080)
	http.Run()
}

// proxy is the way to the server.
type proxy struct {
	port    int
	silence time.Duration
	agent   *http.Agent
}

func newProxy() *proxy {
	number, err := strconv.Atoi(port)
	if err != nil {
		panic("main.port: " + err.Error())
	}
	d, err := time.ParseDuration(silence)
	if err != nil {
		panic("main.silence: " + err.Error())
	}
	agent := http.NewAgent()
	agent.MaxSockets = 256
	agent.KeepAlive = true
	return &proxy{port: number, silence: d, agent: agent}
}

// request begins the request to the server for one of a client.
func (p *proxy) request(req *http.ServerRequest, fields http.Headers, agent *http.Agent) *http.ClientRequest {
	return http.Request(http.RequestOptions{
		Host:    host,
		Port:    p.port,
		Method:  req.Method(),
		Path:    originForm(req.URL()),
		Headers: fields,
		Agent:   agent,
		Timeout: p.silence,
	})
}
