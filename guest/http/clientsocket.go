package http

import (
	"time"

	"github.com/portholehttp/porthole/guest/net"
)

// What a request does to the socket that it has for a while: others have it before and after.

// What can be set besides the timeout.
const (
	settingNoDelay = iota
	settingKeepAlive
	settingCount
)

// SetTimeout is request.setTimeout: once the socket is connected, its timeout is d, for as long as the request has it. When nothing
// came or went for that long 'timeout' is emitted, for which the callbacks are once-listeners; it is up to them
// to abort. 0 turns it off.
func (r *ClientRequest) SetTimeout(d time.Duration, callback ...func()) {
	if len(callback) > 0 {
		m := r.ownClient()
		m.onceTimeout = append(m.onceTimeout, callback...)
	}
	if r.over {
		return
	}
	r.timeout, r.setsTimeout = d, true
	r.settle()
}

// SetNoDelay is request.setNoDelay: once the socket is connected, its SetNoDelay is called.
func (r *ClientRequest) SetNoDelay(noDelay ...bool) {
	on := len(noDelay) == 0 || noDelay[0]
	r.set(settingNoDelay, func(s *net.Socket) { s.SetNoDelay(on) })
}

// SetSocketKeepAlive is request.setSocketKeepAlive: once the socket is connected, its SetKeepAlive is called.
func (r *ClientRequest) SetSocketKeepAlive(enable bool, initialDelay time.Duration) {
	r.set(settingKeepAlive, func(s *net.Socket) { s.SetKeepAlive(enable, initialDelay) })
}

// set does something to the socket, once it is there and connected; again to a second one, if the request is sent once more.
func (r *ClientRequest) set(what int, f func(*net.Socket)) {
	if r.over {
		return
	}
	m := r.ownClient()
	m.settings[what], m.any = f, true
	switch s := r.socket; {
	case s == nil:
	case s.Connecting():
		r.await(s)
	default:
		f(s)
	}
}

// settle gives the timeout to the socket, once it is there and connected.
func (r *ClientRequest) settle() {
	switch s := r.socket; {
	case s == nil:
	case s.Connecting():
		r.await(s)
	default:
		r.lend(s)
	}
}

// lend has the socket's timeout be that of r.
func (r *ClientRequest) lend(s *net.Socket) {
	net.Lend(s, r.timeout, (*borrower)(r))
	r.timed = true
}

// giveBack has the socket's timeout not be that of r any more.
func (r *ClientRequest) giveBack() {
	if r.timed {
		r.timed = false
		net.Return(r.socket, (*borrower)(r))
	}
}

// borrower is a ClientRequest that is told of its socket's timeout.
type borrower ClientRequest

// TimedOut implements net.Borrower.
func (b *borrower) TimedOut() { (*ClientRequest)(b).emitTimeout() }

// assign notes the socket: a second one if the engine sends the request once more.
func (r *ClientRequest) assign(socket uint64) {
	first := r.socket == nil
	s := net.OfClientHandle(socket)
	r.giveBack()
	r.socket, r.socketHandle, r.reused = s, socket, !s.Connecting()
	switch {
	case !r.setsTimeout && !r.clientMore.any:
	case s.Connecting():
		r.await(s)
	default:
		r.apply(s)
	}
	if first {
		for _, listener := range r.clientMore.onSocket {
			listener(s)
		}
	}
	if r.finishDue {
		r.finishDue = false
		r.finishNext()
	}
}

// await applies the settings to s when it is connected.
func (r *ClientRequest) await(s *net.Socket) {
	m := r.ownClient()
	if m.awaited == s {
		return
	}
	m.awaited = s
	s.OnConnect(func() {
		if r.socket == s && !r.over {
			r.apply(s)
		}
	})
}

func (r *ClientRequest) apply(s *net.Socket) {
	if r.setsTimeout {
		r.lend(s)
	}
	for _, f := range r.clientMore.settings {
		if f != nil {
			f(s)
		}
	}
}

func (r *ClientRequest) emitTimeout() {
	m := r.clientMore
	once := m.onceTimeout
	m.onceTimeout = nil
	for _, listener := range once {
		listener()
	}
	for _, listener := range m.onTimeout {
		listener()
	}
}
