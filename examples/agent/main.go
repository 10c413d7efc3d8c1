// Command agent shows what an http.Agent does. For each request it makes 20 others at a time, by turns with the global
// agent, without an agent, and with one of its own, and answers with how many connections were made for them:
//
//	global agent: 5
//	no agent: 20
//	own agent: 10
//
// The global agent has at most 5 connections to a server at a time, and closes them when no request waits for them. Without an agent each
// request gets a connection, which closes after the response. The last agent has up to 10, and keeps them: the next time the
// number is 0, if that is within its KeepAliveTimeout.
//
// As a native program, on port 8080, with the hello example on port 8081 to ask:
//
//	porthole serve --listen 127.0.0.1:8081 hello.wasm
//	go run ./examples/agent
//	curl http://localhost:8080/ http://localhost:8080/
//
// As a plugin, on the listeners of the host, which must allow the connections:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o agent.wasm ./examples/agent
//	porthole serve --allow-connect 127.0.0.1:8081 agent.wasm
package main

import (
	"strconv"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// host and port are those of the server; -ldflags '-X main.port=…' changes them.
var (
	host = "127.0.0.1"
	port = "8081"
)

const requests = 20

// own is an agent for a server that is asked often.
var own = http.NewAgent()

func main() {
	own.MaxSockets = 10
	own.KeepAlive = true
	own.KeepAliveTimeout = time.Minute
	http.CreateServer(compare).Listen(8080)
	http.Run()
}

func compare(_ *http.ServerRequest, res *http.ServerResponse) {
	res.SetHeader("Content-Type", "text/plain")
	burst(http.GlobalAgent, func(made int) {
		res.WriteString("global agent: " + strconv.Itoa(made) + "\n")
		burst(http.NoAgent, func(made int) {
			res.WriteString("no agent: " + strconv.Itoa(made) + "\n")
			burst(own, func(made int) {
				res.EndString("own agent: " + strconv.Itoa(made) + "\n")
			})
		})
	})
}

// burst makes all requests at once. When the last one is over it calls done with the number of connections made for them.
func burst(agent *http.Agent, done func(made int)) {
	number, err := strconv.Atoi(port)
	if err != nil {
		panic("main.port: " + err.Error())
	}
	made, left := 0, requests
	over := func() {
		if left--; left == 0 {
			done(made)
		}
	}
	for range requests {
		request := http.Get(http.RequestOptions{Host: host, Port: number, Agent: agent}, func(answer *http.ClientResponse) {
			answer.OnEnd(over)
			answer.OnClose(func(error) { over() })
		})
		request.OnSocket(func(socket *net.Socket) {
			if !known[socket] {
				known[socket] = true
				socket.OnClose(func(bool) { delete(known, socket) })
				made++
			}
		})
		request.OnError(func(error) { over() })
	}
}

// known are the connections that are open.
var known = map[*net.Socket]bool{}
