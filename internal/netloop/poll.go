//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import "time"

// edges are what a poller has to tell of a descriptor: what has changed since it told last.
type edges uint8

const (
	edgeReadable edges = 1 << iota // there are bytes, the end or an error to read
	edgeWritable                   // there is room, or writing would fail
	edgeHangup                     // the peer has ended its side, or all
	edgeError                      // the socket has an error
)

// poll sleeps in the poller, at most for timeout, and takes note of what it tells. A negative timeout is none.
func (l *Loop) poll(timeout time.Duration) {
	for i := range l.poller.wait(timeout) {
		l.note(l.poller.event(i))
	}
}

// note takes note of what has happened to the socket of h. A socket may be told of any number of times in a turn.
func (l *Loop) note(h Handle, e edges) {
	s := l.handles.socket(h)
	if s == nil {
		return // what wakes the poller, or a socket that was closed meanwhile
	}
	var f *pollSocket
	switch t := s.transport.(type) {
	case *pollSocket:
		f = t
	case *tlsSocket:
		f = &t.pollSocket
	default:
		return
	}
	f.hangup = f.hangup || e&edgeHangup != 0
	f.broken = f.broken || e&edgeError != 0
	var set signals
	if e&(edgeReadable|edgeHangup|edgeError) != 0 {
		set |= readable
	}
	if e&edgeWritable != 0 && (s.hungry || f.owes) {
		set |= writable
	}
	if set != 0 && s.signals.Or(uint32(set)) == 0 {
		l.polled = append(l.polled, s)
	}
}
