package abi

import "unsafe"

// Options are the limits and timeouts of a listener's connections. Durations are nanoseconds.
// A record of all zeroes is not the default: see DefaultOptions.
//
//	offset  size  field
//	0       8     HeadersTimeout     first byte of a message to its blank line; 0: none
//	8       8     RequestTimeout     first byte of a message to its last; 0: none
//	16      8     KeepAliveTimeout   idle between messages; 0: none
//	24      8     BodyIdleTimeout    between two pieces of a request body; 0: none
//	32      8     WriteIdleTimeout   a peer that takes none of the bytes that wait; 0: none
//	40      8     LingerTimeout      reading on after the last response (RFC 9112 §9.6)
//	48      4     MaxHeaderBytes     start line and fields, to the blank line
//	52      4     MaxHeadersCount    field lines kept, further ones are dropped; 0: no limit
//	56      4     MaxChunkExtensions bytes of chunk extensions per body
//	60      4     MaxPipelined       requests of a connection that are unanswered at a time
//	64      4     MaxQueuedBytes     response bytes that may wait on one connection
//	68      4     MaxRequests        requests per connection, then close; 0: no limit
//	72      4     Lenient            Lenient* bits
//	76      4     zero
type Options struct {
	HeadersTimeout, RequestTimeout, KeepAliveTimeout int64
	BodyIdleTimeout, WriteIdleTimeout, LingerTimeout int64
	MaxHeaderBytes, MaxHeadersCount                  uint32
	MaxChunkExtensions, MaxPipelined                 uint32
	MaxQueuedBytes, MaxRequests                      uint32
	Lenient                                          uint32
	_                                                uint32
}

// OptionsSize is the size of Options in bytes.
const OptionsSize = 80

// Bits of Options.Lenient. Each opens the attack that it names.
const (
	LenientMissingHost uint32 = 1 << iota // routing confusion: HTTP/1.1 without Host
	LenientObsFold                        // smuggling: folded field lines that another party reads apart
	LenientBareLF                         // smuggling: LF without CR ends a line here and not elsewhere
	LenientHeaderNames                    // smuggling: white space between a field name and its colon
	IgnoreUpgrade                         // not a leniency of parsing: serve an Upgrade request as a plain one
)

const second = int64(1e9)

// DefaultOptions are Node's defaults, and ours where Node has none.
var DefaultOptions = Options{
	HeadersTimeout:     60 * second,
	RequestTimeout:     300 * second,
	KeepAliveTimeout:   5 * second,
	BodyIdleTimeout:    60 * second,
	WriteIdleTimeout:   120 * second,
	LingerTimeout:      1 * second,
	MaxHeaderBytes:     16 << 10,
	MaxHeadersCount:    1000,
	MaxChunkExtensions: 16 << 10,
	MaxPipelined:       32,
	MaxQueuedBytes:     64 << 20,
}

// ListenRequest is the head of server_listen: this fixed part, then HostSize bytes of text.
//
//	offset  size  field
//	0       80    Options
//	80      4     Backlog   waiting connections; 0: 511
//	84      2     Port      TCP; 0: any free one
//	86      2     Kind      Listen…
//	88      4     HostSize  bytes of the host name, address or path; 0: every IPv4 address
//	92      4     Number    with ListenFD a descriptor, with ListenServer a server
type ListenRequest struct {
	Options  Options
	Backlog  uint32
	Port     uint16
	Kind     uint16
	HostSize uint32
	Number   uint32
}

// ListenRequestSize is the size of the fixed part in bytes.
const ListenRequestSize = 96

// Kinds of address in a ListenRequest.
const (
	ListenTCP    uint16 = 0
	ListenUnix   uint16 = 1
	ListenFD     uint16 = 2 // a descriptor that the process has inherited, bound and maybe listening
	ListenServer uint16 = 3 // the listener of another server of the same handler, whose connections come to this one from then on
)

var (
	_ [OptionsSize]byte       = [unsafe.Sizeof(Options{})]byte{}
	_ [48]byte                = [unsafe.Offsetof(Options{}.MaxHeaderBytes)]byte{}
	_ [72]byte                = [unsafe.Offsetof(Options{}.Lenient)]byte{}
	_ [ListenRequestSize]byte = [unsafe.Sizeof(ListenRequest{})]byte{}
	_ [88]byte                = [unsafe.Offsetof(ListenRequest{}.HostSize)]byte{}
)

// MaxHeaderBytesLimit bounds Options.MaxHeaderBytes: a head must fit into one event.
const MaxHeaderBytesLimit = 1 << 20

// Valid reports whether o obeys the rules of README.md: no negative duration, HeadersTimeout not
// above RequestTimeout unless either is none, sizes that let a request through.
func (o *Options) Valid() bool {
	durations := o.HeadersTimeout | o.RequestTimeout | o.KeepAliveTimeout | o.BodyIdleTimeout | o.WriteIdleTimeout | o.LingerTimeout
	return durations >= 0 &&
		(o.HeadersTimeout == 0 || o.RequestTimeout == 0 || o.HeadersTimeout <= o.RequestTimeout) &&
		o.MaxHeaderBytes > 0 && o.MaxHeaderBytes <= MaxHeaderBytesLimit &&
		o.MaxPipelined > 0 && o.MaxQueuedBytes > 0
}
