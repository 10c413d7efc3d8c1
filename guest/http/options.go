package http

import (
	"math"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Options are the limits and timeouts of a server's connections. They are read when the server begins to listen;
// connections of listeners that the host opened follow the host's. A duration of 0 means no timeout.
// CreateServer sets the defaults, which are Node's, and ours where Node has none.
type Options struct {
	HeadersTimeout     time.Duration // from the first byte of a message to its blank line: 60 s, then status 408
	RequestTimeout     time.Duration // from the first byte of a message to its last: 300 s, then status 408
	KeepAliveTimeout   time.Duration // idle between two messages: 5 s
	BodyIdleTimeout    time.Duration // between two pieces of a request's body: 60 s
	WriteIdleTimeout   time.Duration // a client takes none of the bytes that wait for it: 120 s
	LingerTimeout      time.Duration // reading on after the last response (RFC 9112 §9.6): 1 s
	MaxHeaderSize      int           // bytes of start line and fields: 16 KiB, at most 1 MiB; then status 431
	MaxHeadersCount    int           // field lines that are kept, others are dropped: 1000; 0: no limit
	MaxChunkExtensions int           // bytes of chunk extensions of a body: 16 KiB, then status 413
	MaxPipelined       int           // requests of a connection that are unanswered at a time: 32
	MaxQueuedBytes     int           // response bytes that may wait on a connection, which is lost beyond: 64 MiB

	// MaxRequestsPerSocket is after how many requests a connection is closed. 0: no limit.
	MaxRequestsPerSocket int

	// LenientMissingHost accepts requests of HTTP/1.1 without Host. It opens routing confusion: two parties
	// that guess the host of one request differently.
	LenientMissingHost bool
	// LenientObsFold joins folded field lines (RFC 9112 §5.2). It opens request smuggling: another party
	// on the way may read the continuation as a field of its own.
	LenientObsFold bool
	// LenientBareLF lets LF without CR end a line. It opens request smuggling: for another party the line goes on.
	LenientBareLF bool
	// LenientHeaderNames ignores white space between a field's name and its colon. It opens request smuggling: another
	// party may not know the field, say Transfer-Encoding, under that name.
	LenientHeaderNames bool
	// IgnoreUpgrade serves a request with Upgrade like any other; without it the connection is closed
	// if nobody listens to 'upgrade'.
	IgnoreUpgrade bool
}

func defaultOptions() Options {
	d := &abi.DefaultOptions
	return Options{
		HeadersTimeout:     time.Duration(d.HeadersTimeout),
		RequestTimeout:     time.Duration(d.RequestTimeout),
		KeepAliveTimeout:   time.Duration(d.KeepAliveTimeout),
		BodyIdleTimeout:    time.Duration(d.BodyIdleTimeout),
		WriteIdleTimeout:   time.Duration(d.WriteIdleTimeout),
		LingerTimeout:      time.Duration(d.LingerTimeout),
		MaxHeaderSize:      int(d.MaxHeaderBytes),
		MaxHeadersCount:    int(d.MaxHeadersCount),
		MaxChunkExtensions: int(d.MaxChunkExtensions),
		MaxPipelined:       int(d.MaxPipelined),
		MaxQueuedBytes:     int(d.MaxQueuedBytes),
	}
}

// record returns o as it crosses the ABI. The error's code is ERR_OUT_OF_RANGE.
func (o *Options) record() (r abi.Options, err error) {
	for _, d := range []struct {
		name string
		from time.Duration
		to   *int64
	}{
		{"HeadersTimeout", o.HeadersTimeout, &r.HeadersTimeout},
		{"RequestTimeout", o.RequestTimeout, &r.RequestTimeout},
		{"KeepAliveTimeout", o.KeepAliveTimeout, &r.KeepAliveTimeout},
		{"BodyIdleTimeout", o.BodyIdleTimeout, &r.BodyIdleTimeout},
		{"WriteIdleTimeout", o.WriteIdleTimeout, &r.WriteIdleTimeout},
		{"LingerTimeout", o.LingerTimeout, &r.LingerTimeout},
	} {
		if d.from < 0 {
			return r, errRange(d.name, "negative")
		}
		*d.to = int64(d.from)
	}
	if o.RequestTimeout > 0 && o.HeadersTimeout > o.RequestTimeout {
		return r, errRange("HeadersTimeout", "more than RequestTimeout")
	}
	for _, n := range []struct {
		name           string
		from, min, max int
		to             *uint32
	}{
		{"MaxHeaderSize", o.MaxHeaderSize, 1, abi.MaxHeaderBytesLimit, &r.MaxHeaderBytes},
		{"MaxHeadersCount", o.MaxHeadersCount, 0, math.MaxInt32, &r.MaxHeadersCount},
		{"MaxChunkExtensions", o.MaxChunkExtensions, 0, math.MaxInt32, &r.MaxChunkExtensions},
		{"MaxPipelined", o.MaxPipelined, 1, math.MaxInt32, &r.MaxPipelined},
		{"MaxQueuedBytes", o.MaxQueuedBytes, 1, math.MaxInt32, &r.MaxQueuedBytes},
		{"MaxRequestsPerSocket", o.MaxRequestsPerSocket, 0, math.MaxInt32, &r.MaxRequests},
	} {
		if n.from < n.min {
			return r, errRange(n.name, "too small")
		}
		if n.from > n.max {
			return r, errRange(n.name, "too large")
		}
		*n.to = uint32(n.from)
	}
	r.Lenient = o.lenient()
	return r, nil
}

func (o *Options) lenient() uint32 {
	return lenientBits(o.LenientMissingHost, o.LenientObsFold, o.LenientBareLF, o.LenientHeaderNames, o.IgnoreUpgrade)
}

// lenientBits is Options.Lenient of package abi.
func lenientBits(missingHost, obsFold, bareLF, headerNames, ignoreUpgrade bool) (bits uint32) {
	for _, l := range [...]struct {
		on  bool
		bit uint32
	}{
		{missingHost, abi.LenientMissingHost},
		{obsFold, abi.LenientObsFold},
		{bareLF, abi.LenientBareLF},
		{headerNames, abi.LenientHeaderNames},
		{ignoreUpgrade, abi.IgnoreUpgrade},
	} {
		if l.on {
			bits |= l.bit
		}
	}
	return bits
}

func errRange(name, what string) error {
	return port.NewError(codeRange, name+" is "+what)
}
