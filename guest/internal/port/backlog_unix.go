//go:build unix

package port

import (
	"net"
	"syscall"
)

// setBacklog calls listen(2) a second time, which on these systems sets a new limit: package net asks for the largest. A
// system that refuses keeps that.
func setBacklog(ln net.Listener, backlog int) {
	c, ok := ln.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), backlog) })
	}
}
