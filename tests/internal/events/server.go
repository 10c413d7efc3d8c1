package events

import (
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// serve starts the script's server.
func (r *Run) serve() {
	s := http.CreateServer()
	s.KeepAliveTimeout = time.Minute // a machine that is busy ends no connection
	t := &thing{name: "server", server: s}
	r.server, r.things["server"] = s, t
	s.OnRequest(func(req *http.ServerRequest, res *http.ServerResponse) { r.exchange("request", req, res) })
	if r.wantsAny("checkContinue") {
		s.OnCheckContinue(func(req *http.ServerRequest, res *http.ServerResponse) { r.exchange("checkContinue", req, res) })
	}
	if r.wantsAny("upgrade") {
		s.OnUpgrade(func(req *http.ServerRequest, socket *net.Socket, head []byte) { r.tunnel("upgrade", req, socket, head) })
	}
	if r.wantsAny("connect") {
		s.OnConnect(func(req *http.ServerRequest, socket *net.Socket, head []byte) { r.tunnel("connect", req, socket, head) })
	}
	if r.wants("server", "connection") {
		s.OnConnection(func(*net.Socket) { r.happened("server", "connection", "") })
	}
	if r.wants("server", "clientError") {
		s.OnClientError(func(err error, socket *net.Socket) {
			t.out, t.socket = socket, func() *net.Socket { return socket }
			r.happened("server", "clientError", errorCode(err))
		})
	}
	if r.wants("server", "close") {
		s.OnClose(func() { r.happened("server", "close", "") })
	}
	if strings.HasPrefix(r.peer, "/") {
		s.ListenPath(r.peer, http.Callback(func() { r.log("listening 0") }))
	} else {
		s.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() { r.log("listening " + port(s.Address().String())) }))
	}
}

// port is what stands behind the last colon.
func port(address string) string {
	i := len(address)
	for i > 0 && address[i-1] != ':' {
		i--
	}
	return address[i:]
}

// exchange logs an exchange, whose name is the request's URL.
func (r *Run) exchange(event string, req *http.ServerRequest, res *http.ServerResponse) {
	name := req.URL()
	r.things[name] = &thing{name: name, res: res, out: res, in: req, socket: req.Connection}
	r.body(req, name, req.Trailers)
	req.OnClose(func() { r.happened(name, "close", "") })
	res.OnClose(func() { r.happened(name, "response-close", "") })
	res.OnError(func(err error) { r.happened(name, "response-error", errorCode(err)) })
	if r.wants(name, "finish") {
		res.OnFinish(func() { r.happened(name, "finish", "") })
	}
	if r.wants(name, "drain") {
		res.OnDrain(func() { r.happened(name, "drain", "") })
	}
	r.happened(name, event, requestLine(req))
}

// tunnel logs the end of HTTP on a connection.
func (r *Run) tunnel(event string, req *http.ServerRequest, socket *net.Socket, head []byte) {
	name := req.URL()
	r.things[name] = &thing{name: name, out: socket, in: socket, socket: func() *net.Socket { return socket }}
	r.watch(socket, name)
	r.happened(name, event, requestLine(req)+" head "+quote(string(head)))
}

func requestLine(req *http.ServerRequest) string {
	return " " + req.Method() + " HTTP/" + req.HTTPVersion() + showFields(req.Headers())
}

func responseLine(res *http.ClientResponse) string {
	return " " + strconv.Itoa(res.StatusCode()) + " HTTP/" + res.HTTPVersion() + showFields(res.Headers())
}
