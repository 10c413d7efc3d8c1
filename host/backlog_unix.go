//go:build unix

package host

import (
	"net"
	"syscall"
)

// setBacklog sets how many connections may wait in the kernel. Package net has asked for as many as there may be; on these
// systems another listen(2) changes that. One that refuses keeps what it has.
func setBacklog(ln net.Listener, backlog int) {
	if c, ok := ln.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), backlog) })
		}
	}
}
