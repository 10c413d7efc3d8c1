package http

import (
	"time"

	"github.com/portholehttp/porthole/guest/net"
)

// What a request does to the socket that it has for a while: others have it before and after.

// What can be set.
const (
	settingTimeout = iota
	settingNoDelay
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
	r.set(settingTimeout, func(s *net.Socket) {
		if r.timed = d > 0; r.timed {
			listenToTimeout(s, r)
		}
		s.SetTimeout(d)
	})
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

// assign notes the socket: a second one if the engine sends the request once more.
func (r *ClientRequest) assign(socket uint64) {
	first := r.socket == nil
	s := net.OfClientHandle(socket)
	r.socket, r.socketHandle, r.reused = s, socket, !s.Connecting()
	switch {
	case !r.clientMore.any:
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
}

// await applies the settings to s when it is connected.
func (r *ClientRequest) await(s *net.Socket) {
	if r.clientMore.awaited == s {
		return
	}
	r.clientMore.awaited = s
	s.OnConnect(func() {
		if r.socket == s && !r.over {
			r.apply(s)
		}
	})
}

func (r *ClientRequest) apply(s *net.Socket) {
	for _, f := range r.clientMore.settings {
		if f != nil {
			f(s)
		}
	}
}

// timeouts are the requests whose timeout a socket has. A socket serves many, and its listener stays.
var timeouts = map[*net.Socket]*ClientRequest{}

// listenToTimeout has r told of the timeout of s.
func listenToTimeout(s *net.Socket, r *ClientRequest) {
	if _, listening := timeouts[s]; !listening {
		s.OnTimeout(func() {
			if user := timeouts[s]; user != nil {
				user.emitTimeout()
			}
		})
		s.OnClose(func(bool) { delete(timeouts, s) })
	}
	timeouts[s] = r
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
