package netloop

import "time"

// Defaults of Config.
const (
	DefaultReadBufferSize    = 64 << 10
	DefaultStreamBufferSize  = 16 << 10
	DefaultWriteFlushTimeout = 5 * time.Second
)

// Config is what a Loop can be told. The zero value is the default.
type Config struct {
	// StopWhenIdle makes Run return when nothing is left that could cause an event: no listener (a handle
	// of NewListenerHandle counts), no socket, no timer and no posted function.
	StopWhenIdle bool

	// Portable makes the loop sleep as it does on systems without a poller of ours: in Go's scheduler, which testing/synctest sees.
	Portable bool

	// NoRing keeps the loop from io_uring: each write is a system call.
	NoRing bool

	// ReadBufferSize is the size in bytes of the loop's one read buffer, and so the most that Data brings: to a socket with
	// abi.SocketBulk. Others get at most DefaultReadBufferSize of it.
	// 0 means DefaultReadBufferSize.
	ReadBufferSize int

	// ReadBuffer, if not nil, is called on the loop's goroutine before Data and returns the memory, at least one byte
	// of it, that Data's bytes are to be in: Data's p is a prefix of it. So bytes can go from the kernel into
	// the memory of a guest without a copy. It must not call the loop, and may give other memory each time.
	ReadBuffer func() []byte

	// StreamBufferSize is the size in bytes of the buffer of each connection that is not a plain TCP or
	// Unix socket. Such a connection has its own because it holds it while it waits: from a bounded pool, idle
	// connections would starve the others. 0 means DefaultStreamBufferSize, which takes a whole TLS record.
	StreamBufferSize int

	// WriteFlushTimeout is how long a closed connection may take until the kernel has the bytes that Write took from its owner, as it may not have
	// at once if it is not a plain socket, or has no room. After it the connection is cut. 0 means DefaultWriteFlushTimeout.
	WriteFlushTimeout time.Duration

	// Now replaces the clock: monotonic nanoseconds with an arbitrary start. It is called on the loop's goroutine only.
	// The wait for a timer is in real time; whoever moves another clock past a deadline wakes the loop by Post.
	Now func() int64

	// OnAcceptError, if not nil, is told when accepting failed, on the goroutine that accepts. It is tried
	// again after retry; 0 means that the listener is given up and its handle closed.
	OnAcceptError func(listener Handle, err error, retry time.Duration)
}

// withDefaults returns c with every zero replaced by its meaning.
func (c Config) withDefaults() Config {
	if c.ReadBufferSize <= 0 {
		c.ReadBufferSize = DefaultReadBufferSize
	}
	if c.StreamBufferSize <= 0 {
		c.StreamBufferSize = DefaultStreamBufferSize
	}
	if c.WriteFlushTimeout <= 0 {
		c.WriteFlushTimeout = DefaultWriteFlushTimeout
	}
	if c.Now == nil {
		start := time.Now()
		c.Now = func() int64 { return int64(time.Since(start)) + 1 } // never 0, which disarms a timer
	}
	if c.ReadBuffer == nil {
		size := c.ReadBufferSize
		var buffer []byte
		c.ReadBuffer = func() []byte {
			if buffer == nil {
				buffer = make([]byte, size)
			}
			return buffer
		}
	}
	if c.OnAcceptError == nil {
		c.OnAcceptError = func(Handle, error, time.Duration) {}
	}
	return c
}
