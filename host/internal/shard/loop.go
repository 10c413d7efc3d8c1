package shard

import (
	"context"
	"net"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// Loop is what a shard needs of an event loop. *netloop.Loop is the portable one; see there for the methods.
type Loop interface {
	Run(netloop.Handler) error

	// Safe from any goroutine.
	Stop()
	Post(func()) bool
	Attach(c net.Conn, listener netloop.Handle)
	Sockets() int

	// On the goroutine of Run.
	Now() int64
	NewListenerHandle() netloop.Handle
	Connect(dial func(context.Context) (net.Conn, error)) netloop.Handle
	Write(s netloop.Handle, p []byte) (int, abi.Status)
	Shutdown(s netloop.Handle) abi.Status
	CloseHandle(h netloop.Handle, reset bool) abi.Status
	Pause(s netloop.Handle) abi.Status
	Resume(s netloop.Handle) abi.Status
	SetOption(s netloop.Handle, option abi.SocketOption, value int64) abi.Status
	Info(s netloop.Handle) string
	SetTimer(at int64)
	NewTimer(f func(now int64)) *netloop.Timer
}

// NewLoop makes a Loop that reads into the memory that readBuffer returns, called before each Data; Data's bytes
// are a prefix of it.
type NewLoop func(readBuffer func() []byte) Loop
