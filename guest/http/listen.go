package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// ListenOption is something more to say to Listen or ListenPath.
type ListenOption func(*listenCall)

type listenCall struct {
	hostname string
	backlog  int
	callback []func()
}

// Hostname is the name or address to listen on. Without it these are all IPv4 addresses of the machine.
func Hostname(hostname string) ListenOption {
	return func(c *listenCall) { c.hostname = hostname }
}

// Backlog is the most connections that wait to be accepted: 511 without this option. The system may lower it.
func Backlog(backlog int) ListenOption {
	return func(c *listenCall) { c.backlog = backlog }
}

// Callback adds a listener for the next 'listening'.
func Callback(callback func()) ListenOption {
	return func(c *listenCall) { c.callback = append(c.callback, callback) }
}

// Listen begins to accept connections on a TCP port, 0 for any free one. It is asynchronous: 'listening' or
// 'error' follows, with the codes EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL, ERR_SOCKET_BAD_PORT, ERR_OUT_OF_RANGE
// (of Options) or ERR_SERVER_ALREADY_LISTEN.
//
// In a plugin it takes the host's grant to listen there. Without it the error is EACCES, unless nobody listens
// to errors, and the server goes on to serve the host's listeners, as one does that never listens.
func (s *Server) Listen(port int, opts ...ListenOption) {
	if port < 0 || port > 65535 {
		s.failLater(errPort(port))
		return
	}
	s.listen(abi.ListenRequest{Kind: abi.ListenTCP, Port: uint16(port)}, "", opts)
}

// ListenPath is Listen on a Unix socket, which is made at path.
func (s *Server) ListenPath(path string, opts ...ListenOption) {
	s.listen(abi.ListenRequest{Kind: abi.ListenUnix}, path, opts)
}

// FD is a descriptor that the process has inherited, as a handle to listen on.
type FD int

// ListenHandle is Listen on what is bound already: an FD, which the server owns from then on, or another *Server of this
// program that listens, whose connections come to this one from then on. Anything else, as a *net.Socket or a
// server that does not listen, is the error EINVAL. A plugin has no descriptors, and neither has Windows: EAFNOSUPPORT or EACCES.
func (s *Server) ListenHandle(handle any, opts ...ListenOption) {
	switch h := handle.(type) {
	case FD:
		if h >= 0 {
			s.listen(abi.ListenRequest{Kind: abi.ListenFD, Number: uint32(h)}, "", opts)
			return
		}
	case *Server:
		if h != s && h.state == stateListening {
			s.listen(abi.ListenRequest{Kind: abi.ListenServer, Number: h.number}, "", opts)
			return
		}
	}
	s.failLater(port.NewError(listenCode(abi.StatusInvalid), "listen: not a handle that can be listened on"))
}

func (s *Server) listen(r abi.ListenRequest, host string, opts []ListenOption) {
	var c listenCall
	for _, opt := range opts {
		opt(&c)
	}
	if r.Kind == abi.ListenTCP {
		host = c.hostname
	}
	if s.state != stateIdle {
		s.failLater(port.NewError(codeListening, "the server listens already"))
		return
	}
	options, err := s.record()
	if err == nil && c.backlog < 0 {
		err = errRange("Backlog", "negative")
	}
	if err != nil {
		s.failLater(err)
		return
	}
	r.Options, r.Backlog = options, uint32(c.backlog)
	s.onceListening = append(s.onceListening, c.callback...)
	s.register()
	if status := port.ServerListen(s.number, encodeListenRequest(&r, host)); status != abi.StatusOK {
		number := s.number
		port.NextTick(port.TaskFunc(func() {
			if servers[number] == s {
				s.listenFailed(status, "")
			}
		}))
		port.Wake()
		return
	}
	if mask := s.mask(); mask != 0 {
		port.ServerListeners(s.number, mask)
	}
}
