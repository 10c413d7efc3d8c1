package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/portholehttp/porthole/abi"
)

// ServerConfig configures a Server. Its zero value is ready to use.
//
// Of a timeout, 0 means the default and a negative value none.
type ServerConfig struct {
	// Shards is how many connections can be served at the same instant: each shard is a goroutine with
	// an instance of the stack and one of the handler. A handler's state is per shard.
	// 0 means runtime.GOMAXPROCS; at most MaxShards. A program that can should then give Go one processor more with runtime.GOMAXPROCS, as the
	// command does: if each has a shard, Go's monitor takes them from shards that wait and gives them back all the time.
	Shards int

	// HeadersTimeout is the longest a message head may take, from its first byte to its blank line: 60 s, or
	// RequestTimeout if that is shorter. It must not be above RequestTimeout.
	HeadersTimeout time.Duration
	// RequestTimeout is the longest a message may take, from its first byte to its last: 300 s.
	RequestTimeout time.Duration
	// KeepAliveTimeout is how long a connection may be idle between messages: 5 s.
	KeepAliveTimeout time.Duration
	// BodyIdleTimeout is the longest pause between two pieces of a request's body: 60 s.
	BodyIdleTimeout time.Duration
	// WriteIdleTimeout is how long a peer may take none of the bytes that wait for it: 120 s.
	WriteIdleTimeout time.Duration
	// LingerTimeout is how long the peer's bytes are read and discarded after the last response, so that it
	// gets to see that response (RFC 9112 §9.6): 1 s. Negative means the shortest time.
	LingerTimeout time.Duration

	// MaxHeaderBytes is the most bytes of a message from its first to the blank line: 16 KiB. Over it: 431, then close.
	MaxHeaderBytes int
	// MaxHeadersCount is how many field lines are kept of a message; further ones are dropped: 1000. Negative means no limit.
	MaxHeadersCount int
	// MaxChunkExtensions is the most bytes of chunk extensions in one body: 16 KiB.
	MaxChunkExtensions int
	// MaxPipelined is how many requests of a connection may be unanswered at a time before it is no longer read: 32.
	MaxPipelined int
	// MaxQueuedBytes is the most response bytes that may wait on one connection; over it, it is destroyed: 64 MiB.
	MaxQueuedBytes int
	// MaxRequests is how many requests a connection may make before it is closed: 0, no limit.
	MaxRequests int

	// LenientMissingHost accepts HTTP/1.1 requests without Host. It opens confusion about where a request
	// is routed, between this server and a party before it.
	LenientMissingHost bool
	// LenientObsFold accepts field lines continued on the next line. It opens request smuggling through a
	// party that reads them apart.
	LenientObsFold bool
	// LenientBareLF accepts LF without CR as the end of a line. It opens request smuggling through a party
	// that does not.
	LenientBareLF bool
	// LenientHeaderNames accepts white space between a field name and its colon. It opens request smuggling
	// through a party that reads another name.
	LenientHeaderNames bool
	// IgnoreUpgrade serves a request with Upgrade as if it had none, instead of closing the connection. It is not about a
	// handler that listens to upgrades.
	IgnoreUpgrade bool

	// MaxEvents is the most events the stack may raise at once: one call that ends very many connections
	// raises one for each of their exchanges. A stack that raises more is ended. 0 means DefaultMaxEvents.
	MaxEvents int
}

// Bounds and defaults of ServerConfig.
const (
	MaxShards        = 1024
	DefaultMaxEvents = 1 << 17
)

// Validate reports all faults of c, joined.
func (c *ServerConfig) Validate() error {
	var errs []error
	size := func(name string, n, least, most int) {
		if n < least || n > most {
			errs = append(errs, fmt.Errorf("host: %s is %d, want %d to %d", name, n, least, most))
		}
	}
	size("Shards", c.Shards, 0, MaxShards)
	size("MaxHeaderBytes", c.MaxHeaderBytes, 0, abi.MaxHeaderBytesLimit)
	size("MaxHeadersCount", c.MaxHeadersCount, -1, 1<<20)
	size("MaxChunkExtensions", c.MaxChunkExtensions, 0, 16<<20)
	size("MaxPipelined", c.MaxPipelined, 0, 1<<16)
	size("MaxQueuedBytes", c.MaxQueuedBytes, 0, 1<<30)
	size("MaxRequests", c.MaxRequests, 0, 1<<31-1)
	size("MaxEvents", c.MaxEvents, 0, 1<<24)
	if o := c.options(); o.RequestTimeout > 0 && o.HeadersTimeout > o.RequestTimeout {
		errs = append(errs, fmt.Errorf("host: HeadersTimeout is %v, above RequestTimeout, %v",
			time.Duration(o.HeadersTimeout), time.Duration(o.RequestTimeout)))
	}
	return errors.Join(errs...)
}

// options returns the record the stack gets for each listener.
func (c *ServerConfig) options() abi.Options {
	o := abi.DefaultOptions
	duration := func(to *int64, d time.Duration) {
		if d != 0 {
			*to = max(int64(d), 0)
		}
	}
	duration(&o.HeadersTimeout, c.HeadersTimeout)
	duration(&o.RequestTimeout, c.RequestTimeout)
	duration(&o.KeepAliveTimeout, c.KeepAliveTimeout)
	duration(&o.BodyIdleTimeout, c.BodyIdleTimeout)
	duration(&o.WriteIdleTimeout, c.WriteIdleTimeout)
	duration(&o.LingerTimeout, c.LingerTimeout)

	if c.HeadersTimeout == 0 && o.RequestTimeout > 0 {
		o.HeadersTimeout = min(o.HeadersTimeout, o.RequestTimeout)
	}

	number := func(to *uint32, n int) {
		if n != 0 {
			*to = uint32(max(n, 0))
		}
	}
	number(&o.MaxHeaderBytes, c.MaxHeaderBytes)
	number(&o.MaxHeadersCount, c.MaxHeadersCount)
	number(&o.MaxChunkExtensions, c.MaxChunkExtensions)
	number(&o.MaxPipelined, c.MaxPipelined)
	number(&o.MaxQueuedBytes, c.MaxQueuedBytes)
	number(&o.MaxRequests, c.MaxRequests)

	bit := func(set bool, b uint32) {
		if set {
			o.Lenient |= b
		}
	}
	bit(c.LenientMissingHost, abi.LenientMissingHost)
	bit(c.LenientObsFold, abi.LenientObsFold)
	bit(c.LenientBareLF, abi.LenientBareLF)
	bit(c.LenientHeaderNames, abi.LenientHeaderNames)
	bit(c.IgnoreUpgrade, abi.IgnoreUpgrade)
	return o
}
