package h1

import "github.com/portholehttp/porthole/abi"

// Limits bound what a message may cost. The fields are those of abi.Options with the same name.
type Limits struct {
	// MaxHeaderBytes is the most bytes from the first of a message to the end of its blank line, empty lines
	// before it included; and again of a trailer section. 0 means the default of abi.DefaultOptions.
	MaxHeaderBytes uint32

	// MaxHeadersCount is the most fields kept of a head, and of a trailer section. Further ones are dropped, but
	// still frame the message. 0 means all.
	MaxHeadersCount uint32

	// MaxChunkExtensions is the most bytes of chunk extensions in one body. 0 means the default of
	// abi.DefaultOptions.
	MaxChunkExtensions uint32

	// Lenient holds abi.Lenient* bits. Unknown bits are ignored.
	Lenient uint32
}

// Step says why Next returned.
type Step uint8

// The steps. The zero Step is NeedMore.
const (
	NeedMore    Step = iota // more input is needed
	HeadDone                // Head is complete
	BodyPiece               // Body holds the next bytes of the body, at least one
	MessageDone             // the message is complete, Trailers holds its trailers
	Failed                  // Err says why; the parser stays so until Init
)

// Span is a range of bytes of the buf that was given to Next.
type Span struct{ Offset, Size uint32 }

// Head is a request's start line and header section. Its offsets count from the first byte of the buf given to the
// Next that returned HeadDone.
type Head struct {
	Method             Method
	MethodSpan, Target Span  // MethodSpan.Offset is where the head's text begins: before it are only empty lines
	Minor              uint8 // of HTTP/1.Minor: 0 or 1

	// Fields are the field lines in the order received, at most MaxHeadersCount. If the target is in
	// absolute-form, the value of Host is the target's authority (RFC 9112 §3.2.2).
	Fields []abi.Field

	Size          int   // bytes from buf[0] to the end of the blank line: the n of HeadDone
	ContentLength int64 // of the body in bytes; -1 when chunked; 0 when there is none
	HasBody       bool  // the message has a body, maybe of zero bytes: it has a Content-Length or is Chunked (RFC 9112 §6)
	Chunked       bool

	KeepAlive      bool // the client lets the connection persist (RFC 9112 §9.3)
	Upgrade        bool // an Upgrade field and Connection: upgrade, in HTTP/1.1 (RFC 9110 §7.8)
	ExpectContinue bool // Expect has 100-continue, in HTTP/1.1 (RFC 9110 §10.1.1)
	ExpectOther    bool // Expect has something else, in HTTP/1.1
}

// RequestParser splits a byte stream into requests. The zero RequestParser is not ready: call Init.
// The exported fields are for reading.
type RequestParser struct {
	Head     Head        // after HeadDone, until the next call
	Body     []byte      // after BodyPiece: a part of buf
	Trailers []abi.Field // after MessageDone, until the next call: offsets from the first byte of that buf
	Err      *Error      // after Failed, until Init

	limits Limits
}

// Init makes the parser ready for a new byte stream. It may be called again; the parser keeps its slices.
func (p *RequestParser) Init(l Limits) {
	p.limits = l
}

// Next goes on with the byte stream. buf begins with the first byte that was not consumed yet. Next returns what it
// found, and how many bytes of buf it has consumed:
//
//   - NeedMore: all of buf, but for the bytes of an unfinished head or trailer section. Call again when more has arrived, with
//     buf[n:] as Next left it and the new bytes after it. No byte is scanned twice.
//   - HeadDone: the head, n is Head.Size.
//   - BodyPiece: up to the end of Body. Pieces of different chunks are never merged.
//   - MessageDone: the rest of the message, maybe nothing. It does not need input: call Next, with an empty buf if there
//     is nothing else, until it returns NeedMore. The call after MessageDone begins a new message.
//   - Failed: nothing. Every later call fails the same way.
//
// The steps, and the bytes that they refer to, do not depend on how the stream was cut into bufs, except that a piece
// of a body ends where its buf ends. With LenientObsFold, Next overwrites folds in buf with spaces (RFC 9112 §5.2).
func (p *RequestParser) Next(buf []byte) (Step, int) {
	return NeedMore, 0
}

// Idle reports whether the parser is between two messages: it has seen nothing of the next one but empty lines.
func (p *RequestParser) Idle() bool { return true }

// EOF tells the parser that the stream has ended. It returns nil if the parser is Idle; else it fails, now and in every
// later Next, with CodeUnexpectedEOF, or with the error that was there before.
func (p *RequestParser) EOF() *Error { return nil }
