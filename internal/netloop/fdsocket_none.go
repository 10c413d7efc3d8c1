//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package netloop

import "net"

// newSocket chooses the transport: on this system every connection is a stream.
func newSocket(l *Loop, c net.Conn) *socket { return newStream(l, c) }
