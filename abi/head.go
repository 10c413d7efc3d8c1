package abi

import "unsafe"

// A head record is a fixed part, then FieldCount entries, then text. Offsets in entries and in the
// fixed part count from the first byte of the text, which is at TextOffset of the record.

// Field is one header or trailer field line (RFC 9110 §5).
//
//	offset  size  field
//	0       4     NameOffset   into the text
//	4       4     NameSize     bytes, at least 1
//	8       4     ValueOffset  into the text
//	12      4     ValueSize    bytes, without surrounding white space
//
// Names are as received or as they shall be sent: compare them without regard to case.
// Values are bytes: HTAB, 0x20–0x7E and 0x80–0xFF; Node reads them as latin-1.
type Field struct{ NameOffset, NameSize, ValueOffset, ValueSize uint32 }

// FieldSize is the size of a Field in bytes.
const FieldSize = 16

// RequestHead begins the head of EventRequest.
//
//	offset  size  field
//	0       4     TextOffset   where the text begins: RequestHeadSize + FieldCount×FieldSize
//	4       4     FieldCount
//	8       4     MethodOffset into the text
//	12      4     MethodSize
//	16      4     TargetOffset into the text; the request target as received
//	20      4     TargetSize
//	24      1     Major        HTTP version, 1
//	25      1     Minor        0 or 1
//	26      2     Flags        RequestKeepAlive, RequestHasBody
//	28      4     Server       who gets it: 0, or the number given to server_listen
//	32      8     BodySize     the Content-Length in bytes; -1 if chunked; 0 without a body
type RequestHead struct {
	TextOffset, FieldCount   uint32
	MethodOffset, MethodSize uint32
	TargetOffset, TargetSize uint32
	Major, Minor             uint8
	Flags                    uint16
	Server                   uint32
	BodySize                 int64
}

// RequestHeadSize is the size of the fixed part in bytes.
const RequestHeadSize = 40

// Flags of RequestHead.
const (
	RequestKeepAlive uint16 = 1 << 0 // the client keeps the connection open (RFC 9112 §9.3)
	RequestHasBody   uint16 = 1 << 1 // the message has a body, maybe of zero bytes (RFC 9112 §6)
)

// ResponseHead begins the head of response_send with SendHead, and of response_inform.
//
//	offset  size  field
//	0       4     TextOffset   where the text begins: ResponseHeadSize + FieldCount×FieldSize
//	4       4     FieldCount
//	8       4     ReasonOffset into the text
//	12      4     ReasonSize   0: the table's phrase for Status
//	16      2     Status       200–999; 100–199 for response_inform
//	18      2     Flags        ResponseNoDate
//	20      4     zero
type ResponseHead struct {
	TextOffset, FieldCount   uint32
	ReasonOffset, ReasonSize uint32
	Status, Flags            uint16
	_                        uint32
}

// ResponseHeadSize is the size of the fixed part in bytes.
const ResponseHeadSize = 24

// Flags of ResponseHead.
const (
	ResponseNoDate uint16 = 1 << 0 // do not add a Date field
)

// Trailers begins a trailer section (RFC 9112 §7.1.2), in EventData and response_send.
//
//	offset  size  field
//	0       4     TextOffset   TrailersSize + FieldCount×FieldSize
//	4       4     FieldCount
type Trailers struct{ TextOffset, FieldCount uint32 }

// TrailersSize is the size of the fixed part in bytes.
const TrailersSize = 8

// These do not build if a struct and its table disagree.
var (
	_ [FieldSize]byte        = [unsafe.Sizeof(Field{})]byte{}
	_ [RequestHeadSize]byte  = [unsafe.Sizeof(RequestHead{})]byte{}
	_ [ResponseHeadSize]byte = [unsafe.Sizeof(ResponseHead{})]byte{}
	_ [TrailersSize]byte     = [unsafe.Sizeof(Trailers{})]byte{}
	_ [26]byte               = [unsafe.Offsetof(RequestHead{}.Flags)]byte{}
	_ [32]byte               = [unsafe.Offsetof(RequestHead{}.BodySize)]byte{}
	_ [18]byte               = [unsafe.Offsetof(ResponseHead{}.Flags)]byte{}
)
