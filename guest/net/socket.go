package net

import (
	"time"

	"github.com/portholehttp/porthole/guest/internal/flow"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Socket is a connection. Bytes flow from the start: what comes while there is no 'data' listener is lost. Pause
// holds it back.
type Socket struct {
	// AllowHalfOpen lets the socket be written to after the peer has ended its side, until End is called. Without it the
	// socket ends itself, once the listeners of 'end' have been called. It is off for sockets that Connect made and that a client
	// got by an upgrade, and on for those that a server got, as in Node.
	AllowHalfOpen bool

	handle uint64 // 0: it is over, or never was
	in     flow.Readable
	info   string // what is known of it, once something is

	raw        bool // it may be written to: no HTTP is spoken on it
	quiet      bool // an error that nobody listens to is dropped: package http sees to it
	connecting bool
	removed    bool // AgentRemove was called
	ended      bool // End was called
	needDrain  bool // a Write returned false for bytes that wait
	destroyed  bool // nothing comes any more but 'error' and 'close'
	closeDue   bool // 'close' waits for what was kept while paused
	closed     bool // 'close' was emitted
	failure    error

	timeout  time.Duration // as the engine was told
	returned bool          // it was a request's that is over
	borrower Borrower      // whose it is, nil if it is the program's

	onConnect []func()
	onTimeout []func()
	onDrain   []func()
	onFinish  []func()
	onError   []func(error)
	onClose   []func(hadError bool)

	onceConnect []func()
	onceTimeout []func()
}

// OfHandle returns the socket with a handle of the event ABI, on which HTTP is spoken: always the same for a handle, as long as that
// is not over. It is for package http.
func OfHandle(handle uint64) *Socket {
	if e, ok := port.Bound(handle).(*events); ok {
		return (*Socket)(e)
	}
	s := &Socket{handle: handle, quiet: true}
	s.in.Handle = handle
	if handle == 0 {
		s.destroyed, s.closed = true, true
		return s
	}
	port.Bind(handle, (*events)(s))
	return s
}

// OfClientHandle is OfHandle for the socket that a client's request was given. One that is seen for the first time is connecting. It is
// for package http.
func OfClientHandle(handle uint64) *Socket {
	isNew := port.Bound(handle) == nil
	s := OfHandle(handle)
	s.connecting = s.connecting || isNew
	return s
}

// OfRawHandle is OfHandle when HTTP has been left behind on the socket. It is for package http.
func OfRawHandle(handle uint64) *Socket {
	s := OfHandle(handle)
	s.quiet = false
	s.makeRaw()
	return s
}

// OfFailedHandle is OfRawHandle when that is because HTTP has failed: there has been an error already, and another one
// needs no listener. It is for package http.
func OfFailedHandle(handle uint64) *Socket {
	s := OfHandle(handle)
	s.makeRaw()
	return s
}

func (s *Socket) makeRaw() {
	if !s.raw {
		s.raw = true
		s.in.OnEnd(s.peerEnded)
	}
}

// OnConnect adds a listener for the success of Connect.
func (s *Socket) OnConnect(listener func()) { s.onConnect = append(s.onConnect, listener) }

// Connecting reports whether 'connect' or 'error' is to come.
func (s *Socket) Connecting() bool { return s.connecting && !s.destroyed }

// OnData adds a listener for bytes that came. A chunk is valid until the listener returns.
func (s *Socket) OnData(listener func(chunk []byte)) { s.in.OnData(listener) }

// OnEnd adds a listener for the end of what the peer sends. It comes once at most, and no data follows.
func (s *Socket) OnEnd(listener func()) { s.in.OnEnd(listener) }

// OnDrain adds a listener for the time when the bytes have left for which Write returned false.
func (s *Socket) OnDrain(listener func()) { s.onDrain = append(s.onDrain, listener) }

// OnFinish adds a listener for the time when all that was written has left, after End.
func (s *Socket) OnFinish(listener func()) { s.onFinish = append(s.onFinish, listener) }

// OnTimeout adds a listener for the silence that SetTimeout describes. Nothing else happens by itself: call Destroy
// or End to close the socket.
func (s *Socket) OnTimeout(listener func()) { s.onTimeout = append(s.onTimeout, listener) }

// OnError adds a listener for the failure of the connection, or of what the program did with it. 'close' follows. An error that
// nobody listens to is a panic in a native program, as Node throws it, and in a plugin a line on stderr.
func (s *Socket) OnError(listener func(error)) { s.onError = append(s.onError, listener) }

// OnClose adds a listener for the end of the socket, which comes once. hadError says that an 'error' was the cause.
func (s *Socket) OnClose(listener func(hadError bool)) { s.onClose = append(s.onClose, listener) }

// SetEncoding makes the chunks of 'data' text, in UTF-8, of which no character is split over two chunks. The names are those
// of http.ServerRequest.SetEncoding. The error's code is ERR_UNKNOWN_ENCODING.
func (s *Socket) SetEncoding(encoding string) error { return s.in.SetEncoding(encoding) }

// Pause holds 'data' and 'end' back. What has been read already is kept, at most 64 KiB; then the socket is not read
// any more, and TCP makes the peer wait.
func (s *Socket) Pause() {
	if s.raw {
		s.in.Pause()
	}
}

// Resume lets 'data' and 'end' go on. What was kept is delivered on the next tick, so that listeners added
// after Resume get all of it.
func (s *Socket) Resume() { s.in.Resume() }

// Pipe writes what comes to dst, and ends dst when the peer has ended its side. While dst does not keep up the socket is
// paused, so that the peer sends no faster than the receiver of dst reads. If dst closes, the rest is discarded.
func (s *Socket) Pipe(dst Writable) { s.in.Pipe(dst) }

// Destroy breaks the connection at once. 'close' follows, and nothing else.
func (s *Socket) Destroy() {
	if s.destroyed {
		return
	}
	s.abort()
	if s.handle == 0 { // else the engine says so
		s.later((*closing)(s))
	}
}

func (s *Socket) abort() {
	s.destroyed = true
	s.in.Close()
	s.in.Handle = 0
	if s.handle != 0 {
		port.Abort(s.handle)
	}
}
