package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/net"
)

// OnConnection adds a listener for connections. Their sockets are spoken HTTP on: they can be asked, set and destroyed, not
// written to. A request has its one as Connection.
func (s *Server) OnConnection(listener func(socket *net.Socket)) {
	s.onConnection = append(s.onConnection, listener)
	s.announce()
}

// OnConnect adds a listener for requests with CONNECT, which get this event in place of 'request': the connection is the
// listener's, which answers on the socket in its own words. head is what the client has sent already, and the listener's to
// keep; what follows are 'data' events of the socket. Without a listener the connection is closed.
func (s *Server) OnConnect(listener func(req *ServerRequest, socket *net.Socket, head []byte)) {
	s.onConnect = append(s.onConnect, listener)
	s.announce()
}

// OnUpgrade is OnConnect for requests with Upgrade: to WebSocket, say. Without a listener the connection is closed, unless
// IgnoreUpgrade is set. An Upgrade with a body is served as a plain request.
func (s *Server) OnUpgrade(listener func(req *ServerRequest, socket *net.Socket, head []byte)) {
	s.onUpgrade = append(s.onUpgrade, listener)
	s.announce()
}

// OnClientError adds a listener for connections that fail: the client has sent what is no HTTP, or too slowly, or has broken the
// connection in the midst of a message. The error is an *Error, with a code such as "HPE_INVALID_METHOD",
// "ERR_HTTP_REQUEST_TIMEOUT" or "ECONNRESET". The listener may answer on the socket, and ends or destroys it. Without
// one the client gets a status, such as 400, and the connection is closed.
func (s *Server) OnClientError(listener func(err error, socket *net.Socket)) {
	s.onClientError = append(s.onClientError, listener)
	s.announce()
}

// Connection is the socket of the connection that the request came in on, the same for all requests on it and for 'connection'.
// HTTP is spoken on it: it can be asked, set and destroyed, not written to. If it is asked for when the exchange is over,
// for the first time, it is a socket that was destroyed.
func (r *ServerRequest) Connection() *net.Socket {
	m := r.own()
	if m.connection == nil {
		handle := uint64(0)
		if !r.exchange.over {
			handle, _ = port.SocketOf(r.exchange.handle)
		}
		m.connection = net.OfHandle(handle)
	}
	return m.connection
}

// connected delivers 'connection'.
func connected(socket uint64, head []byte) {
	if s := serverOf(number(head)); s != nil {
		c := net.OfHandle(socket)
		for _, listener := range s.onConnection {
			listener(c)
		}
	}
}

// takeOver delivers 'upgrade' or 'connect'. The request is complete; it has no response.
func takeOver(kind abi.EventKind, socket uint64, head, body []byte) {
	x := newExchange()
	x.init(0, port.Keep(head))
	x.over = true
	c := net.OfRawHandle(socket)
	c.AllowHalfOpen = true
	x.req.own().connection = c
	var listeners []func(*ServerRequest, *net.Socket, []byte)
	if s := serverOf(x.req.head().Server); s != nil {
		listeners = s.onUpgrade
		if kind == abi.EventConnect {
			listeners = s.onConnect
		}
	}
	if len(listeners) == 0 {
		c.Destroy()
	}
	first := append([]byte(nil), body...) // for good: it is wanted after another connection is there, as a rule
	for _, listener := range listeners {
		listener(&x.req, c, first)
	}
	x.receive(nil, true)
}

// clientFailed delivers 'clientError'.
func clientFailed(socket uint64, head []byte) {
	c := net.OfFailedHandle(socket)
	c.AllowHalfOpen = true
	s := serverOf(number(head))
	if s == nil || len(s.onClientError) == 0 {
		c.Destroy()
		return
	}
	err := port.ParseError(string(head[4:]))
	for _, listener := range s.onClientError {
		listener(err, c)
	}
}

// number reads the server at the start of a head.
func number(head []byte) uint32 {
	return uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16 | uint32(head[3])<<24
}
