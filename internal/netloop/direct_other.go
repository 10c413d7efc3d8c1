//go:build !linux

package netloop

import "net"

// Direct returns a listener in place of ln, whose connections are for Loop.Attach and nothing else. On this system it is ln.
func Direct(ln net.Listener) net.Listener { return ln }
