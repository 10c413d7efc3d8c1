package h1

import "strconv"

// Code says which rule the bytes of a message broke.
type Code uint8

// The codes. 0 is none.
const (
	CodeInvalidMethod             Code = 1 + iota // not one of the Methods followed by one space
	CodeHTTP2Preface                              // "PRI ": the client speaks HTTP/2 (RFC 9113 §3.4)
	CodeInvalidTarget                             // a forbidden byte, or a form that the method does not take
	CodeInvalidVersion                            // not of the form HTTP/d.d
	CodeUnsupportedVersion                        // well-formed, but neither HTTP/1.0 nor HTTP/1.1
	CodeTargetTooLong                             // the request line alone is larger than MaxHeaderBytes
	CodeInvalidConstant                           // a version that does not begin with "HTTP/"
	CodeInvalidStatus                             // not three digits from 100 on, or a control character in the reason
	CodeHeaderOverflow                            // MaxHeaderBytes ended elsewhere: in empty lines, a status line, fields, trailers
	CodeExpectedLF                                // a CR that no LF follows
	CodeExpectedCR                                // an LF that no CR precedes
	CodeUnexpectedSpace                           // white space before the first field
	CodeInvalidFieldName                          // empty, not a token, or white space before the colon
	CodeInvalidFieldValue                         // a control character
	CodeObsFold                                   // a folded field line (RFC 9112 §5.2)
	CodeMissingHost                               // HTTP/1.1 without Host
	CodeInvalidHost                               // a second Host, or not uri-host [ ":" port ]
	CodeInvalidContentLength                      // not digits, or more than 2^63-1
	CodeUnexpectedContentLength                   // a second Content-Length, or one beside Transfer-Encoding
	CodeInvalidTransferEncoding                   // not ending in exactly one chunked, in HTTP/1.0, or beside Content-Length
	CodeUnsupportedTransferCoding                 // a coding other than chunked before it
	CodeInvalidChunkSize                          // not 1–16 hexadecimal digits, or more than 2^63-1
	CodeInvalidChunkExtension                     // not as in RFC 9112 §7.1.1
	CodeInvalidChunkEnd                           // chunk data that CRLF does not follow
	CodeChunkExtensionsOverflow                   // more than MaxChunkExtensions in one body
	CodeForbiddenTrailer                          // a trailer field that would frame or route the message
	CodeUnexpectedEOF                             // the input ended inside a message
)

var codes = [...]struct {
	name   string
	status uint16
	text   string
}{
	CodeInvalidMethod:             {"HPE_INVALID_METHOD", 400, "invalid method"},
	CodeHTTP2Preface:              {"HPE_PAUSED_H2_UPGRADE", 0, "the client speaks HTTP/2"},
	CodeInvalidTarget:             {"HPE_INVALID_URL", 400, "invalid request target"},
	CodeInvalidVersion:            {"HPE_INVALID_VERSION", 400, "invalid HTTP version"},
	CodeUnsupportedVersion:        {"HPE_INVALID_VERSION", 505, "HTTP version not supported"},
	CodeTargetTooLong:             {"HPE_HEADER_OVERFLOW", 414, "request line too long"},
	CodeInvalidConstant:           {"HPE_INVALID_CONSTANT", 400, "the version is not of HTTP"},
	CodeInvalidStatus:             {"HPE_INVALID_STATUS", 502, "invalid status code or reason"},
	CodeHeaderOverflow:            {"HPE_HEADER_OVERFLOW", 431, "header or trailer section too large"},
	CodeExpectedLF:                {"HPE_LF_EXPECTED", 400, "CR without LF"},
	CodeExpectedCR:                {"HPE_CR_EXPECTED", 400, "LF without CR"},
	CodeUnexpectedSpace:           {"HPE_UNEXPECTED_SPACE", 400, "white space before the first field"},
	CodeInvalidFieldName:          {"HPE_INVALID_HEADER_TOKEN", 400, "invalid character in a field name"},
	CodeInvalidFieldValue:         {"HPE_INVALID_HEADER_TOKEN", 400, "invalid character in a field value"},
	CodeObsFold:                   {"HPE_INVALID_HEADER_TOKEN", 400, "folded field line"},
	CodeMissingHost:               {"HPE_INVALID_HOST", 400, "missing Host"},
	CodeInvalidHost:               {"HPE_INVALID_HOST", 400, "invalid or repeated Host"},
	CodeInvalidContentLength:      {"HPE_INVALID_CONTENT_LENGTH", 400, "invalid Content-Length"},
	CodeUnexpectedContentLength:   {"HPE_UNEXPECTED_CONTENT_LENGTH", 400, "repeated Content-Length, or one beside Transfer-Encoding"},
	CodeInvalidTransferEncoding:   {"HPE_INVALID_TRANSFER_ENCODING", 400, "invalid Transfer-Encoding"},
	CodeUnsupportedTransferCoding: {"HPE_INVALID_TRANSFER_ENCODING", 501, "transfer coding not supported"},
	CodeInvalidChunkSize:          {"HPE_INVALID_CHUNK_SIZE", 400, "invalid chunk size"},
	CodeInvalidChunkExtension:     {"HPE_STRICT", 400, "invalid chunk extension"},
	CodeInvalidChunkEnd:           {"HPE_STRICT", 400, "chunk data longer than its size"},
	CodeChunkExtensionsOverflow:   {"HPE_CHUNK_EXTENSIONS_OVERFLOW", 413, "too many bytes of chunk extensions"},
	CodeForbiddenTrailer:          {"HPE_INVALID_HEADER_TOKEN", 400, "field not allowed in the trailer section"},
	CodeUnexpectedEOF:             {"HPE_INVALID_EOF_STATE", 400, "the connection ended inside a message"},
}

// Name returns the code that Node gives to the condition, "HPE_…"; where Node accepts what is refused here,
// a name in the same manner. Several Codes may share one. It is "" for a number that is none.
func (c Code) Name() string {
	if int(c) >= len(codes) {
		return ""
	}
	return codes[c].name
}

// Status returns the status code of the answer that the sender of a request should get before the connection closes.
// 0 means to close without an answer.
//
// A response is never answered. Whoever has asked for it on behalf of somebody else answers that one with 502, whatever the
// Code: it is another message that was bad (RFC 9110 §15.6.3). 502 is also the Status of the Codes that only responses have.
func (c Code) Status() int {
	if int(c) >= len(codes) {
		return 0
	}
	return int(codes[c].status)
}

// String returns a short English text, "" for a number that is none.
func (c Code) String() string {
	if int(c) >= len(codes) {
		return ""
	}
	return codes[c].text
}

// Error is a broken rule and its place.
type Error struct {
	Code Code

	// Offset is the place of the first byte that cannot be right, in bytes from the start of the message.
	// Empty lines before the start line belong to the message. If it is something missing that is wrong,
	// it is the place where it should have been.
	Offset int64
}

// Error returns a text like "invalid method at byte 3".
func (e *Error) Error() string {
	return e.Code.String() + " at byte " + strconv.FormatInt(e.Offset, 10)
}
