//go:build !wasip1 || standalone

package port

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/dialer"
	"github.com/portholehttp/porthole/internal/netloop"
)

// sockets are the engine's surroundings.
type sockets struct{ *loop }

// bound is what a server listens on.
type bound struct {
	handle uint64
	text   string // where that is
}

// Listen opens a listener at once, or takes that of another server, and has the server told later.
func (s sockets) Listen(server uint64, request []byte) (uint64, abi.Status) {
	r := abi.Decode[abi.ListenRequest](request)
	if r.Kind == abi.ListenServer {
		return s.inherit(server, uint64(r.Number))
	}
	ln, err := listen(&r, string(request[abi.ListenRequestSize:]))
	if err != nil {
		status := listenStatus(err)
		s.tell(abi.EventListenError, abi.StatusFlags(status), server, err.Error())
		return 0, status
	}
	b := bound{uint64(s.net.AddListener(ln)), addressText(ln.Addr())}
	s.bound[server] = b
	s.tell(abi.EventListening, 0, server, b.text)
	return b.handle, abi.StatusOK
}

// inherit has a server listen on what another one does.
func (s sockets) inherit(server, from uint64) (uint64, abi.Status) {
	b, ok := s.bound[from]
	if !ok {
		s.tell(abi.EventListenError, abi.StatusFlags(abi.StatusInvalid), server, "the other server does not listen")
		return 0, abi.StatusInvalid
	}
	s.bound[server] = b
	s.tell(abi.EventListening, 0, server, b.text)
	return b.handle, abi.StatusOK
}

func (s sockets) tell(kind abi.EventKind, flags uint32, server uint64, text string) {
	Post(func() { Dispatch(kind, flags, server, []byte(text), nil) })
}

// Connect begins to connect.
func (s sockets) Connect(_ uint64, destination []byte) (uint64, abi.Status) {
	record := slices.Clone(destination)
	return uint64(s.net.Connect(func(ctx context.Context) (net.Conn, error) {
		return dialer.Dial(ctx, record, nil)
	})), abi.StatusOK
}

// SetOption sets an option of the operating system's socket.
func (s sockets) SetOption(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return s.net.SetOption(netloop.Handle(socket), option, value)
}

func (s sockets) Write(socket uint64, p []byte) (int, abi.Status) {
	return s.net.Write(netloop.Handle(socket), p)
}

func (s sockets) Shutdown(socket uint64) { s.net.Shutdown(netloop.Handle(socket)) }

// Close closes a socket, or a listener whoever listens on it.
func (s sockets) Close(handle uint64, reset bool) {
	s.net.CloseHandle(netloop.Handle(handle), reset)
	for server, b := range s.bound {
		if b.handle == handle {
			delete(s.bound, server)
		}
	}
}

func (s sockets) Pause(socket uint64)  { s.net.Pause(netloop.Handle(socket)) }
func (s sockets) Resume(socket uint64) { s.net.Resume(netloop.Handle(socket)) }
func (s sockets) SetTimer(at int64)    { s.net.SetTimer(at) }
func (s sockets) WallClock() int64     { return time.Now().UnixNano() }
