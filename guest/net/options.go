package net

import (
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// SetTimeout has 'timeout' emitted when nothing has come or gone for d, and then each time that this is so again. It closes
// nothing. A callback is a listener for the next one. With 0, as it is at first, there is no timeout, and callbacks that wait
// for one are dropped.
func (s *Socket) SetTimeout(d time.Duration, callback ...func()) {
	if d <= 0 {
		d = 0
		s.onceTimeout = nil
	} else {
		s.onceTimeout = append(s.onceTimeout, callback...)
	}
	s.timeout, s.returned = d, false
	s.set(abi.SocketTimeout, int64(d))
}

// SetNoDelay sends small pieces at once, as it is at first; with false the system may collect them (Nagle's algorithm).
func (s *Socket) SetNoDelay(noDelay ...bool) {
	value := int64(1)
	if len(noDelay) > 0 && !noDelay[0] {
		value = 0
	}
	s.set(abi.SocketNoDelay, value)
}

// SetKeepAlive has the system probe an idle connection, for the first time after initialDelay, or what the system chooses if
// that is 0. At first it is off.
func (s *Socket) SetKeepAlive(enable bool, initialDelay time.Duration) {
	value := int64(-1)
	if enable {
		value = int64(max(initialDelay, 0))
	}
	s.set(abi.SocketKeepAlive, value)
}

// AgentRemove takes the socket of a client's request from its agent, which then neither counts it nor uses it for another request.
func (s *Socket) AgentRemove() {
	s.removed = true
	s.set(abi.SocketAgentRemove, 0)
}

// AgentRemoved reports whether AgentRemove was called.
func (s *Socket) AgentRemoved() bool { return s.removed }

// set sets an option, as far as the connection has such a thing.
func (s *Socket) set(option abi.SocketOption, value int64) {
	if s.handle != 0 {
		port.SocketSet(s.handle, option, value)
	}
}
