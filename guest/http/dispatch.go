package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

func init() {
	port.Servers.Request = begin
	port.Servers.Target = arrive
	port.Servers.Server = tell
	port.AtEnd(func() {
		for _, s := range servers {
			s.unregister()
		}
	})
}

// arrive delivers an event of something new that is no request.
func arrive(kind abi.EventKind, _ uint32, target uint64, head, body []byte) {
	switch kind {
	case abi.EventUpgrade, abi.EventConnect:
		takeOver(kind, target, head, body)
	case abi.EventConnection:
		connected(target, head)
	case abi.EventClientError:
		clientFailed(target, head)
	}
}

// serverOf is who gets what came in on the listener of a server: that one, or with 0 the first of those that have none.
func serverOf(number uint32) *Server {
	if number != 0 {
		if last == nil || last.number != number {
			last = servers[number]
		}
		return last
	}
	if len(attached) > 0 {
		return attached[0]
	}
	return nil
}

// last is whom the last event was for that came in on a server's own listener.
var last *Server

// tell delivers an event of a server.
func tell(kind abi.EventKind, flags, server uint32, text []byte) {
	if s := servers[server]; s != nil {
		s.proceed(kind, flags, string(text))
	}
}
