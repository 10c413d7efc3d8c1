package netloop

import (
	"net"
	"slices"
	"time"

	"github.com/portholehttp/porthole/abi"
)

// option is a SocketOption with its value.
type option struct {
	name  abi.SocketOption
	value int64
}

// maxKeepAlive is the longest wait for a keep-alive probe that every system takes: a longer one means this.
const maxKeepAlive = 32767 * time.Second

// valid reports whether o is one of SetOption's.
func (o option) valid() bool {
	switch o.name {
	case abi.SocketNoDelay, abi.SocketBulk:
		return o.value == 0 || o.value == 1
	case abi.SocketKeepAlive:
		return o.value >= -1
	}
	return false
}

// SetOption sets abi.SocketBulk; or abi.SocketNoDelay or abi.SocketKeepAlive of a TCP connection, also of one under TLS or another layer that tells
// what it is over by NetConn. That a system refuses a value is not told.
//
// StatusClosed: the handle is stale. StatusInvalid: another option, or a value that is not of it. StatusUnsupported:
// the connection is not TCP; of a socket that is not connected yet this is not known, and the answer is StatusOK.
func (l *Loop) SetOption(h Handle, name abi.SocketOption, value int64) abi.Status {
	s := l.handles.socket(h)
	o := option{name, value}
	switch {
	case s == nil:
		return abi.StatusClosed
	case !o.valid():
		return abi.StatusInvalid
	}
	if name == abi.SocketBulk {
		s.bulk = value == 1
		return abi.StatusOK
	}
	if d, ok := s.transport.(*dialing); ok {
		d.options = append(slices.DeleteFunc(d.options, func(o option) bool { return o.name == name }), o)
		return abi.StatusOK
	}
	return s.transport.setOption(o)
}

// setOption sets a valid option, for the transports that have a net.Conn.
func (s *socket) setOption(o option) abi.Status {
	t, ok := innermost(s.conn).(*net.TCPConn)
	if !ok {
		return abi.StatusUnsupported
	}
	switch o.name {
	case abi.SocketNoDelay:
		_ = t.SetNoDelay(o.value == 1)
	case abi.SocketKeepAlive:
		k := net.KeepAliveConfig{Enable: o.value >= 0, Idle: min(time.Duration(o.value), maxKeepAlive), Interval: -1, Count: -1}
		if o.value == 0 {
			k.Idle = -1 // the system's choice; 0 would be Go's
		}
		_ = t.SetKeepAliveConfig(k)
	}
	return abi.StatusOK
}
