//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netloop

import "net"

// newSocket chooses the transport. Only the types of package net themselves are read by their descriptor: a type that embeds
// one of them has its methods too, and reading past its Read would lose what that does.
func newSocket(l *Loop, c net.Conn) *socket {
	if raw := rawConn(c); raw != nil {
		return newFDSocket(l, c, raw)
	}
	return newStream(l, c)
}
