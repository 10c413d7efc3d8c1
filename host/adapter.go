package host

import (
	"net"
	nethttp "net/http"

	"github.com/portholehttp/porthole/host/internal/relay"
)

// adapter makes a Server a handler of net/http.
type adapter struct {
	relay.Relay
	inbound inbound
}

func (a *adapter) start(s *Server) {
	o := s.options
	o.KeepAliveTimeout, o.MaxRequests = 0, 0 // the client's connection is net/http's
	a.inbound.open = func() (*listener, error) { return s.openInbound(o) }
	a.Attach = func(conn net.Conn) error { return a.inbound.give(s, conn) }
}

// ServeHTTP serves a request of a net/http server, anywhere in a chain of its handlers. The stack and the handler get it over a connection
// within the process, as the client sent it: method, target, Host, fields, body as it comes, trailers, Expect; and the answer
// comes back as it is made, with informational responses, trailers, upgrades and CONNECT. What a handler on the way has changed in r is
// heeded. Nothing is added, no X-Forwarded-For either: of its connection a handler sees the client's address, and what
// the client's TLS has told.
//
// What net/http does itself is not up to the handler: order and case of the client's fields, reason phrases of responses, timeouts of the
// client's connection, OPTIONS * (see DisableGeneralOptionsHandler). It has read the head before, by its own rules. The server's limits hold all the same.
//
// A client that leaves is noticed by the handler as on a connection of its own. A response that is cut ends with a panic with
// nethttp.ErrAbortHandler, as net/http has it. After Shutdown or Close it answers 503.
func (s *Server) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) { s.relay.ServeHTTP(w, r) }

// ServeHTTP makes h a handler of net/http: see Server.ServeHTTP. The first request starts a server with the default
// configuration, which is closed by Close, or with the Runtime. If the handler does not start, or is closed, it answers 503.
func (h *Handler) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	h.serving.Do(func() {
		server, err := h.runtime.NewServer(h, ServerConfig{})
		if err != nil {
			h.runtime.log.Error("handler not served", "handler", h.Name(), "reason", err)
			return
		}
		h.own.Store(server)
	})
	if s := h.own.Load(); s != nil {
		s.ServeHTTP(w, r)
		return
	}
	nethttp.Error(w, nethttp.StatusText(nethttp.StatusServiceUnavailable), nethttp.StatusServiceUnavailable)
}
