//go:build unix

package host

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// listenFD listens on a descriptor that the process has inherited. That stays open and as it is, so that it can be asked for again.
func listenFD(fd int) (net.Listener, error) {
	syscall.ForkLock.RLock()
	dup, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(dup)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("host: listen fd:%d: %w", fd, err)
	}
	f := os.NewFile(uintptr(dup), "listener")
	ln, err := net.FileListener(f) // has a duplicate of its own
	_ = f.Close()
	if err != nil {
		return nil, fmt.Errorf("host: listen fd:%d: %w", fd, err)
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // the file is whose the descriptor is
	}
	return ln, nil
}
