//go:build unix

package port

import (
	"net"
	"os"
	"syscall"
)

// listenFD takes over a descriptor that is bound, and maybe listening. If it is no such thing it stays as it is.
func listenFD(fd int) (net.Listener, error) {
	copied, err := syscall.Dup(fd)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	f := os.NewFile(uintptr(copied), "listener")
	ln, err := net.FileListener(f) // copies it once more
	_ = f.Close()
	if err != nil {
		return nil, err
	}
	_ = syscall.Close(fd) // or the port would stay bound when ln is closed
	return ln, nil
}
