package abi

import "unsafe"

// ClientRequestHead begins the head of request_send with SendHead.
//
//	offset  size  field
//	0       4     TextOffset   where the text begins: ClientRequestHeadSize + FieldCount×FieldSize
//	4       4     FieldCount
//	8       4     MethodOffset into the text
//	12      4     MethodSize   a token (RFC 9110 §9.1)
//	16      4     TargetOffset into the text; the request target as it shall be sent
//	20      4     TargetSize   at least 1
type ClientRequestHead struct {
	TextOffset, FieldCount   uint32
	MethodOffset, MethodSize uint32
	TargetOffset, TargetSize uint32
}

// ClientRequestHeadSize is the size of the fixed part in bytes.
const ClientRequestHeadSize = 24

// ClientResponseHead begins the head of EventResponse, EventInformation and, for a client, EventUpgrade and EventConnect.
//
//	offset  size  field
//	0       4     TextOffset   where the text begins: ClientResponseHeadSize + FieldCount×FieldSize
//	4       4     FieldCount
//	8       4     ReasonOffset into the text
//	12      4     ReasonSize   0: the server gave none
//	16      2     Status       100–999
//	18      2     Flags        ResponseKeepAlive, ResponseHasBody
//	20      1     Major        HTTP version, 1
//	21      1     Minor        0 or 1
//	22      2     zero
//	24      8     BodySize     the Content-Length in bytes; -1 if chunked; -2 if it runs to the connection's end; 0 without a body
type ClientResponseHead struct {
	TextOffset, FieldCount   uint32
	ReasonOffset, ReasonSize uint32
	Status, Flags            uint16
	Major, Minor             uint8
	_                        uint16
	BodySize                 int64
}

// ClientResponseHeadSize is the size of the fixed part in bytes.
const ClientResponseHeadSize = 32

// Flags of ClientResponseHead.
const (
	ResponseKeepAlive uint16 = 1 << 0 // the server keeps the connection open (RFC 9112 §9.3)
	ResponseHasBody   uint16 = 1 << 1 // the message has a body, maybe of zero bytes (RFC 9112 §6)
)

// Values of ClientResponseHead.BodySize that are no size.
const (
	BodyChunked int64 = -1 // RFC 9112 §7.1
	BodyToEnd   int64 = -2 // it ends with the connection (RFC 9112 §6.3)
)

// Destination is where a client connects to: this fixed part, then the texts in the order of their sizes, one
// after another. Requests whose Destinations agree in all but Agent and what stands from MaxSockets to Lenient may use the same
// connections, one after another.
//
//	offset  size  field
//	0       2     Kind             ConnectTCP or ConnectUnix
//	2       2     Port             TCP
//	4       4     Flags            DestinationTLS, DestinationInsecure, DestinationPool
//	8       4     Agent            whose connections to use, a number of the handler's choice; 0: one of its own, for one request
//	12      4     MaxSockets       connections of the agent to this destination; further requests wait. At least 1 with an Agent
//	16      4     MaxFreeSockets   idle connections of the agent to this destination, with DestinationPool
//	20      4     MaxHeaderBytes   as in Options, of a response; 0: 16 KiB
//	24      4     MaxHeadersCount  as in Options, of a response
//	28      4     Lenient          as in Options, of a response
//	32      8     PoolTimeout      nanoseconds that a connection stays idle, with DestinationPool; 0: no limit
//	40      4     HostSize         name or address; with ConnectUnix a path
//	44      4     LocalSize        address to connect from; 0: the system's choice
//	48      4     ServerNameSize   for TLS: the name to ask for and to verify; 0: the host
//	52      4     RootsSize           for TLS: certificates to trust, PEM; 0: the system's
//	56      4     CertSize         for TLS: the client's certificate chain, PEM; 0: none
//	60      4     KeySize          for TLS: the client's private key, PEM
type Destination struct {
	Kind, Port                          uint16
	Flags                               uint32
	Agent, MaxSockets, MaxFreeSockets   uint32
	MaxHeaderBytes, MaxHeadersCount     uint32
	Lenient                             uint32
	PoolTimeout                         int64
	HostSize, LocalSize, ServerNameSize uint32
	RootsSize, CertSize, KeySize        uint32
}

// DestinationSize is the size of the fixed part in bytes.
const DestinationSize = 64

// MaxDestinationSize is the most bytes of a Destination and its texts.
const MaxDestinationSize = 64 << 10

// Kinds of Destination.
const (
	ConnectTCP  uint16 = 0
	ConnectUnix uint16 = 1
)

// Flags of Destination.
const (
	DestinationTLS      uint32 = 1 << 0 // TLS over the connection, by the host
	DestinationInsecure uint32 = 1 << 1 // do not verify the server's certificate: whoever is in between can read and write
	DestinationPool     uint32 = 1 << 2 // keep the connection for later requests when none waits
)

// DestinationTexts are the texts behind a Destination, as views.
type DestinationTexts struct{ Host, Local, ServerName, Roots, Cert, Key []byte }

// ReadDestination returns the parts of a Destination; ok is false if record breaks a rule of README.md.
func ReadDestination(record []byte) (d Destination, t DestinationTexts, ok bool) {
	if len(record) < DestinationSize || len(record) > MaxDestinationSize {
		return d, t, false
	}
	d = Decode[Destination](record)
	rest := record[DestinationSize:]
	for _, text := range []struct {
		size uint32
		to   *[]byte
	}{
		{d.HostSize, &t.Host}, {d.LocalSize, &t.Local}, {d.ServerNameSize, &t.ServerName},
		{d.RootsSize, &t.Roots}, {d.CertSize, &t.Cert}, {d.KeySize, &t.Key},
	} {
		if uint64(text.size) > uint64(len(rest)) {
			return d, t, false
		}
		*text.to, rest = rest[:text.size:text.size], rest[text.size:]
	}
	const known = DestinationTLS | DestinationInsecure | DestinationPool
	ok = len(rest) == 0 && len(t.Host) > 0 && d.Kind <= ConnectUnix && d.Flags&^known == 0 &&
		(d.Kind == ConnectUnix || d.Port > 0) && (d.Agent == 0 || d.MaxSockets > 0) &&
		d.MaxHeaderBytes <= MaxHeaderBytesLimit && d.PoolTimeout >= 0
	return d, t, ok
}

var (
	_ [ClientRequestHeadSize]byte  = [unsafe.Sizeof(ClientRequestHead{})]byte{}
	_ [ClientResponseHeadSize]byte = [unsafe.Sizeof(ClientResponseHead{})]byte{}
	_ [24]byte                     = [unsafe.Offsetof(ClientResponseHead{}.BodySize)]byte{}
	_ [DestinationSize]byte        = [unsafe.Sizeof(Destination{})]byte{}
	_ [32]byte                     = [unsafe.Offsetof(Destination{}.PoolTimeout)]byte{}
	_ [60]byte                     = [unsafe.Offsetof(Destination{}.KeySize)]byte{}
)
