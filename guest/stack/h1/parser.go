package h1

import (
	"math"

	"github.com/portholehttp/porthole/abi"
)

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
	Failed                  // Err says why; the parser stays so until it is made ready anew
)

// Span is a range of bytes of the buf that was given to Next.
type Span struct{ Offset, Size uint32 }

// Head is a message's start line and header section. Its offsets count from the first byte of the buf given to the
// Next that returned HeadDone.
type Head struct {
	Method     Method // of a response: of the request it answers, as Answers said
	MethodSpan Span   // its Offset is where the head's text begins: before it are only empty lines. Empty in a response
	Target     Span   // of a request
	Status     uint16 // of a response: 100–999. 0 in a request
	Reason     Span   // of a response, maybe empty
	Minor      uint8  // of HTTP/1.Minor: 0 or 1

	// Fields are the field lines in the order received, at most MaxHeadersCount. If a request's target is in
	// absolute-form, the value of Host is the target's authority (RFC 9112 §3.2.2).
	Fields []abi.Field

	Size int // bytes from buf[0] to the end of the blank line: the n of HeadDone

	// The body (RFC 9112 §6.3). What a response to HEAD, or with status 304, says about the body that it could have had is
	// in Fields only.
	ContentLength int64 // of the body in bytes; -1 when Chunked or ToEOF; 0 when there is none
	HasBody       bool  // the message has a body, maybe of zero bytes
	Chunked       bool
	ToEOF         bool // the body of a response ends with the stream: see EOF

	KeepAlive      bool // the sender lets the connection persist (RFC 9112 §9.3), and the body lets it
	Upgrade        bool // an Upgrade field and Connection: upgrade, in HTTP/1.1 (RFC 9110 §7.8); of a response: and status 101
	ExpectContinue bool // of a request: Expect has 100-continue, in HTTP/1.1 (RFC 9110 §10.1.1)
	ExpectOther    bool // of a request: Expect has something else, in HTTP/1.1
}

// Parser splits a byte stream into messages: those of a client or those of a server. The zero Parser is not ready: call
// InitRequest or InitResponse. The exported fields are for reading.
type Parser struct {
	Head     Head        // after HeadDone, until the next call
	Body     []byte      // after BodyPiece: a part of buf
	Trailers []abi.Field // after MessageDone, until the next call: offsets from the first byte of that buf
	Err      *Error      // after Failed

	limits   Limits
	response bool   // the messages are responses
	answers  Method // of the request whose final response has yet to come
	state    state
	base     int64 // bytes of the message before buf[0], or before the section that is being read

	// Of the section that is being read; offsets count from its first byte.
	pos       uint // how far it has been read
	mark      uint // where the current element began: target, version, status, reason, field name, blank line
	method    Method
	major     byte // of the version, a digit
	form      targetForm
	authority Span // of an absoluteForm
	trailer   bool // it is a trailer section
	lines     uint // field lines
	kind      fieldKind
	nameEnd   uint
	value     uint // where the value began
	valueEnd  uint // its CR or LF
	blank     uint // the value up to here has no fold any more: see unfold
	framing   framing

	// Of the body.
	remaining  int64  // bytes to come of the body, or of the chunk
	digits     uint8  // of the chunk size
	extensions uint32 // bytes of chunk extensions so far
}

// InitRequest makes the parser ready for a new byte stream, of requests. It and InitResponse may be called again; the parser
// keeps its slices.
func (p *Parser) InitRequest(l Limits) { p.init(l, false) }

// InitResponse makes the parser ready for a new byte stream, of responses: see Answers.
func (p *Parser) InitResponse(l Limits) { p.init(l, true) }

func (p *Parser) init(l Limits, response bool) {
	if l.MaxHeaderBytes == 0 {
		l.MaxHeaderBytes = abi.DefaultOptions.MaxHeaderBytes
	}
	l.MaxHeaderBytes = min(l.MaxHeaderBytes, math.MaxInt32) // it is compared with an int
	if l.MaxChunkExtensions == 0 {
		l.MaxChunkExtensions = abi.DefaultOptions.MaxChunkExtensions
	}
	if l.MaxHeadersCount == 0 {
		l.MaxHeadersCount = math.MaxUint32
	}
	*p = Parser{
		Head:     Head{Fields: p.Head.Fields[:0]},
		Trailers: p.Trailers[:0],
		limits:   l,
		response: response,
	}
}

// Answers says which method the request had whose response comes next: where one to HEAD or CONNECT ends depends on it
// (RFC 9112 §6.3). Call it before the first byte of each response is given to Next; from HeadDone of the one before on it is not
// too early. It holds for the interim responses (1xx) that come first, and the final one uses it up: without a new call,
// and with 0, the next is taken for one to a method that has no such rule.
//
// Whether a request is waiting for a response at all is not for the parser to see.
func (p *Parser) Answers(m Method) { p.answers = m }

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
//
// An Upgrade or CONNECT request is framed like any other; a response that agrees, 101 or 2xx, has no body. Whoever takes the
// connection over does so after MessageDone: the bytes that are left are then of the new protocol.
func (p *Parser) Next(buf []byte) (Step, int) {
	switch {
	case p.state < stateBody:
		if p.trailer {
			return p.trailers(buf, 0)
		}
		return p.head(buf)
	case p.state == stateBody:
		return p.body(buf, 0)
	case p.state < stateFailed:
		return p.chunked(buf)
	}
	return Failed, 0
}

// head goes on before or in a head.
func (p *Parser) head(buf []byte) (Step, int) {
	start := 0 // of the section in buf
	if p.state == stateStart {
		for start < len(buf) && (buf[start] == '\r' || buf[start] == '\n') {
			start++
		}
		if room := p.room(); start > room {
			return p.overflow(uint(room))
		}
		p.base += int64(start)
		if start == len(buf) {
			return NeedMore, start
		}
		p.messageStart()
	}
	b, cut := p.section(buf[start:])
	if (p.state >= stateLine || p.startLine(b)) && p.fieldLines(b, &p.Head.Fields) && p.headEnd() {
		if start > 0 {
			p.Head.move(uint32(start))
		}
		p.headDone()
		return HeadDone, p.Head.Size
	}
	return p.unfinished(start, cut)
}

func (p *Parser) startLine(b []byte) bool {
	if p.response {
		return p.statusLine(b)
	}
	return p.requestLine(b)
}

// trailers goes on in a trailer section that begins at buf[start].
func (p *Parser) trailers(buf []byte, start int) (Step, int) {
	b, cut := p.section(buf[start:])
	if !p.fieldLines(b, &p.Trailers) {
		return p.unfinished(start, cut)
	}
	move(p.Trailers, uint32(start))
	size := int(p.pos)
	p.messageEnd()
	return MessageDone, start + size
}

// room returns how many bytes the section that is being read may have.
func (p *Parser) room() int {
	if p.trailer {
		return int(p.limits.MaxHeaderBytes)
	}
	return int(p.limits.MaxHeaderBytes) - int(p.base) // less the empty lines before it
}

// section returns the part of b that MaxHeaderBytes leaves room for, and whether that is not all.
func (p *Parser) section(b []byte) (part []byte, cut bool) {
	if room := p.room(); len(b) > room {
		return b[:room], true
	}
	return b, false
}

// unfinished returns what Next does when the section at buf[start] is not complete at its end, or at the limit.
func (p *Parser) unfinished(start int, cut bool) (Step, int) {
	switch {
	case p.state == stateFailed:
		return Failed, 0
	case cut:
		return p.overflow(uint(p.room()))
	}
	return NeedMore, start
}

func (p *Parser) overflow(at uint) (Step, int) {
	code := CodeHeaderOverflow
	if !p.response && p.state > stateStart && p.state < stateLine && p.base == 0 { // without empty lines before it
		code = CodeTargetTooLong
	}
	p.fail(code, at)
	return Failed, 0
}

func (p *Parser) messageStart() {
	// All of Head that is not set here is when the head is done.
	p.Head.Fields = p.Head.Fields[:0]
	p.Head.ContentLength = 0
	p.Head.Chunked, p.Head.ToEOF = false, false
	p.Head.ExpectContinue, p.Head.ExpectOther = false, false
	p.Trailers = p.Trailers[:0]
	p.framing = framing{}
	p.state = stateMethod
	if p.response {
		p.state = stateProtocol
		p.mark = 0
		p.Head.MethodSpan = Span{}
		p.Head.Status = 0
	}
	p.pos = 0
	p.lines = 0
	p.extensions = 0
}

func (p *Parser) headDone() {
	p.base += int64(p.pos)
	switch {
	case p.Head.Chunked:
		p.chunkStart()
	case p.Head.ToEOF:
		p.state = stateBody
		p.remaining = maxSize // three hundred years at a gigabyte per second
	default:
		p.state = stateBody
		p.remaining = p.Head.ContentLength
	}
}

func (p *Parser) trailerStart() {
	p.state = stateLine
	p.trailer = true
	p.pos = 0
	p.lines = 0
}

func (p *Parser) messageEnd() {
	p.state = stateStart
	p.trailer = false
	p.base = 0
	p.Body = nil
}

// body goes on in a body, or chunk, of p.remaining bytes that continues at buf[start].
func (p *Parser) body(buf []byte, start int) (Step, int) {
	piece := buf[start:]
	switch {
	case p.remaining == 0: // not in a chunk
		p.messageEnd()
		return MessageDone, start
	case len(piece) == 0:
		return NeedMore, start
	case int64(len(piece)) > p.remaining:
		piece = piece[:p.remaining]
	}
	p.Body = piece[:len(piece):len(piece)]
	p.base += int64(len(piece))
	p.remaining -= int64(len(piece))
	if p.remaining == 0 && p.state == stateData {
		p.state = stateDataCR
	}
	return BodyPiece, start + len(piece)
}

// chunked goes on in a chunked body.
func (p *Parser) chunked(buf []byte) (Step, int) {
	start := 0
	if p.state != stateData {
		n, ok := p.chunkLine(buf)
		if !ok {
			return Failed, 0
		}
		start = int(n)
		p.base += int64(n)
	}
	switch p.state {
	case stateData:
		return p.body(buf, start)
	case stateLine:
		return p.trailers(buf, start)
	}
	return NeedMore, start
}

// Idle reports whether the parser is between two messages: it has seen nothing of the next one but empty lines.
func (p *Parser) Idle() bool { return p.state == stateStart }

// EOF tells the parser that the stream has ended; before it, Next has returned NeedMore. It returns nil if the parser is Idle, and
// in a body that is ToEOF, which is complete now: call Next, with an empty buf, for its MessageDone. Else it fails, now and in
// every later Next, with CodeUnexpectedEOF, or with the error that was there before.
func (p *Parser) EOF() *Error {
	switch {
	case p.state == stateStart, p.state == stateFailed:
	case p.state == stateBody && p.Head.ToEOF:
		p.remaining = 0
	default:
		at := uint(0)
		if p.state < stateBody {
			at = p.pos
		}
		p.fail(CodeUnexpectedEOF, at)
	}
	return p.Err
}

// fail ends the parser. at is as p.pos, or counts from the first byte of buf in a body. It returns false.
func (p *Parser) fail(c Code, at uint) bool {
	p.state = stateFailed
	p.Err = &Error{Code: c, Offset: p.base + int64(at)}
	return false
}

func (p *Parser) lenient(bit uint32) bool { return p.limits.Lenient&bit != 0 }

// move adds n to the offsets of a head.
func (h *Head) move(n uint32) {
	h.MethodSpan.Offset += n
	if h.Status == 0 {
		h.Target.Offset += n
	} else {
		h.Reason.Offset += n
	}
	h.Size += int(n)
	move(h.Fields, n)
}

// move adds n to the offsets of fields.
func move(fields []abi.Field, n uint32) {
	for i := range fields {
		fields[i].NameOffset += n
		fields[i].ValueOffset += n
	}
}
