package netloop

import "github.com/portholehttp/porthole/abi"

// Write sends bytes from p without blocking and returns how many were taken. Fewer than len(p): Writable follows.
// p may be used again at once. On a plain socket the kernel has what was taken, or will before the loop
// sleeps again, or as soon as it has room for the last few KiB; on any other connection it is a copy in flight, and while one is, Write takes 0.
//
// StatusClosed: the handle is stale. StatusState: Shutdown was called, or Handler.Connect is still to come. StatusReset: the connection is broken, and Close
// follows unless CloseHandle is called first.
func (l *Loop) Write(h Handle, p []byte) (int, abi.Status) {
	s := l.handles.socket(h)
	switch {
	case s == nil:
		return 0, abi.StatusClosed
	case s.failure != abi.StatusOK:
		return 0, s.failure
	case s.shut:
		return 0, abi.StatusState
	case len(p) == 0:
		return 0, abi.StatusOK
	}
	n, status := s.transport.write(p)
	if status == abi.StatusOK && n < len(p) {
		s.hungry = true
	}
	return n, status
}

// Shutdown ends the sending side of h after the bytes that Write has taken. The peer sees the end of the stream.
// The second time it does nothing. StatusClosed: the handle is stale. StatusUnsupported: this kind of connection cannot do
// so (net.Pipe); the peer sees the end with CloseHandle.
func (l *Loop) Shutdown(h Handle) abi.Status {
	s := l.handles.socket(h)
	switch {
	case s == nil:
		return abi.StatusClosed
	case s.shut || s.failure != abi.StatusOK:
		return abi.StatusOK
	}
	status := s.transport.shutdown()
	s.shut = status == abi.StatusOK
	return status
}

// CloseHandle closes a socket or a listener. No event comes for it afterwards. The bytes that Write has taken are still
// sent; with reset they are dropped and a TCP peer gets RST. Connections that the listener accepted and
// that were not announced yet are closed too. StatusClosed: the handle is stale.
func (l *Loop) CloseHandle(h Handle, reset bool) abi.Status {
	e := l.handles.find(h)
	switch {
	case e == nil:
		return abi.StatusClosed
	case e.socket != nil:
		l.closeSocket(e.socket, reset)
	default:
		l.closeListener(e.listener)
	}
	return abi.StatusOK
}

// Pause holds back Data and End until Resume. None comes for h after Pause has returned. The socket is not read meanwhile,
// so flow control reaches the peer. Close comes for a plain socket that breaks; of any other connection only reading and
// writing can tell that. StatusClosed: the handle is stale.
func (l *Loop) Pause(h Handle) abi.Status {
	s := l.handles.socket(h)
	if s == nil {
		return abi.StatusClosed
	}
	s.paused = true
	return abi.StatusOK
}

// Resume undoes Pause. StatusClosed: the handle is stale.
func (l *Loop) Resume(h Handle) abi.Status {
	s := l.handles.socket(h)
	if s == nil {
		return abi.StatusClosed
	}
	if s.paused {
		s.paused = false
		s.transport.resume()
	}
	return abi.StatusOK
}

// Sockets returns how many sockets are open. It may be called from any goroutine.
func (l *Loop) Sockets() int { return int(l.handles.sockets.Load()) }
