package netloop

import (
	"net"
	"time"

	"github.com/portholehttp/porthole/abi"
)

// Handle names a socket or a listener of one Loop: generation<<32 | index. It is never 0.
type Handle uint64

// Config is what a Loop can be told. The zero value is the default.
type Config struct {
	StopWhenIdle     bool
	ReadBufferSize   int
	ReadBuffer       func() []byte
	StreamBufferSize int

	WriteFlushTimeout time.Duration
	Now               func() int64
	OnAcceptError     func(listener Handle, err error, retry time.Duration)
}

// Loop is an event loop.
type Loop struct{ config Config }

func New(c Config) *Loop                                    { return &Loop{c} }
func (l *Loop) Run(h Handler) error                         { return nil }
func (l *Loop) Stop()                                       {}
func (l *Loop) Post(f func()) bool                          { return false }
func (l *Loop) Attach(c net.Conn, listener Handle)          {}
func (l *Loop) Now() int64                                  { return 0 }
func (l *Loop) AddListener(ln net.Listener) Handle          { return 0 }
func (l *Loop) NewListenerHandle() Handle                   { return 0 }
func (l *Loop) Write(s Handle, p []byte) (int, abi.Status)  { return 0, abi.StatusClosed }
func (l *Loop) Shutdown(s Handle) abi.Status                { return abi.StatusClosed }
func (l *Loop) CloseHandle(h Handle, reset bool) abi.Status { return abi.StatusClosed }
func (l *Loop) Pause(s Handle) abi.Status                   { return abi.StatusClosed }
func (l *Loop) Resume(s Handle) abi.Status                  { return abi.StatusClosed }
func (l *Loop) SetTimer(at int64)                           {}
func (l *Loop) Conn(s Handle) net.Conn                      { return nil }
func (l *Loop) Sockets() int                                { return 0 }
