package h1

import "github.com/portholehttp/porthole/abi"

// fieldKind tells the fields that the codec itself has to understand from all the others.
type fieldKind uint8

const (
	fieldPlain fieldKind = iota
	fieldHost
	fieldExpect
	fieldUpgrade
	fieldConnection
	fieldContentLength
	fieldTransferEncoding
)

func fieldKindOf(name []byte) fieldKind {
	switch len(name) {
	case 4:
		if equalFold(name, "host") {
			return fieldHost
		}
	case 6:
		if equalFold(name, "expect") {
			return fieldExpect
		}
	case 7:
		if equalFold(name, "upgrade") {
			return fieldUpgrade
		}
	case 10:
		if equalFold(name, "connection") {
			return fieldConnection
		}
	case 14:
		if equalFold(name, "content-length") {
			return fieldContentLength
		}
	case 17:
		if equalFold(name, "transfer-encoding") {
			return fieldTransferEncoding
		}
	}
	return fieldPlain
}

// mayBeKnown reports whether a name of that first byte and size may be other than fieldPlain. It is inlined, and saves most calls of
// fieldKindOf.
func mayBeKnown(first byte, size uint) bool {
	const initials = "\x00\x00\x00\x00h\x00eu\x00\x00c\x00\x00\x00c\x00\x00t"
	return size < uint(len(initials)) && initials[size] == first|0x20
}

// framing is what the fields so far say about the message. Offsets are as in Head.Fields.
type framing struct {
	host          bool // there is one
	hostField     int  // its index in Fields; -1 if it was not kept
	contentLength bool // there is one

	transferEncoding bool // there is one
	chunked          bool // its last coding so far is chunked
	lastCoding       uint // offset of the last coding so far
	foreign          bool // it has another coding than chunked
	foreignCoding    uint // offset of the first of them

	upgrade                                     bool // there is one, with a value
	optionClose, optionKeepAlive, optionUpgrade bool // of Connection
}

// fieldName checks whether a field of p.kind may stand where its name does. It returns false if the parser failed.
func (p *Parser) fieldName() bool {
	f := &p.framing
	if p.response && (p.kind == fieldHost || p.kind == fieldExpect) {
		p.kind = fieldPlain // there they say nothing
	}
	switch p.kind {
	case fieldHost:
		if p.trailer {
			return p.fail(CodeForbiddenTrailer, p.mark)
		}
		if f.host {
			return p.fail(CodeInvalidHost, p.mark)
		}
		f.host = true
	case fieldContentLength:
		if p.trailer {
			return p.fail(CodeForbiddenTrailer, p.mark)
		}
		if f.contentLength || f.transferEncoding {
			return p.fail(CodeUnexpectedContentLength, p.mark)
		}
		f.contentLength = true
	case fieldTransferEncoding:
		if p.trailer {
			return p.fail(CodeForbiddenTrailer, p.mark)
		}
		// RFC 9112 §6.1: in HTTP/1.0 its framing must be treated as faulty.
		if f.contentLength || p.Head.Minor == 0 {
			return p.fail(CodeInvalidTransferEncoding, p.mark)
		}
		f.transferEncoding = true
	}
	return true
}

// fieldValue takes what it needs from b[from:to], the value of a field of p.kind, which is Fields[kept]. It returns false if the
// parser failed.
func (p *Parser) fieldValue(b []byte, from, to uint, kept int) bool {
	if p.trailer {
		return true
	}
	f := &p.framing
	v := b[from:to]
	switch p.kind {
	case fieldHost:
		if bad := badHost(v); bad >= 0 {
			return p.fail(CodeInvalidHost, from+uint(bad))
		}
		f.hostField = kept
	case fieldContentLength:
		size, bad := parseContentLength(v)
		if bad >= 0 {
			return p.fail(CodeInvalidContentLength, from+uint(bad))
		}
		p.Head.ContentLength = size
	case fieldTransferEncoding:
		return p.transferEncoding(b, from, to)
	case fieldUpgrade:
		f.upgrade = f.upgrade || len(v) > 0
	case fieldConnection:
		for l := (list{v: v}); l.next(); {
			switch {
			case equalFold(l.element, "close"):
				f.optionClose = true
			case equalFold(l.element, "keep-alive"):
				f.optionKeepAlive = true
			case equalFold(l.element, "upgrade"):
				f.optionUpgrade = true
			}
		}
	case fieldExpect:
		if p.Head.Minor == 0 {
			break // RFC 9110 §10.1.1: it must be ignored
		}
		for l := (list{v: v}); l.next(); {
			switch {
			case equalFold(l.element, "100-continue"):
				p.Head.ExpectContinue = true
			case len(l.element) > 0:
				p.Head.ExpectOther = true
			}
		}
	}
	return true
}

// parseContentLength returns the number of bytes that v declares. bad is the index of the first byte that cannot be right, -1 if
// there is none.
func parseContentLength(v []byte) (size int64, bad int) {
	for i, c := range v {
		if !is(c, classDigit) {
			return 0, i
		}
		d := int64(c - '0')
		if size > (maxSize-d)/10 {
			return 0, i
		}
		size = size*10 + d
	}
	if len(v) == 0 {
		return 0, 0
	}
	return size, -1
}

// maxSize is the largest size of a body or chunk.
const maxSize = 1<<63 - 1

// transferEncoding takes the codings of a Transfer-Encoding line into p.framing; several lines make one list (RFC 9112 §6.1).
//
// An empty element, which RFC 9110 §5.6.1.2 asks to tolerate in lists, is refused: nobody means it, and parties that read it
// apart do not agree on where the message ends.
func (p *Parser) transferEncoding(b []byte, from, to uint) bool {
	f := &p.framing
	for l := (list{v: b[from:to]}); l.next(); {
		at := from + l.offset
		size := skip(l.element, 0, classToken)
		if size == 0 || f.chunked {
			// After chunked there is nothing, not even another chunked.
			return p.fail(CodeInvalidTransferEncoding, at)
		}
		f.lastCoding = at
		rest := l.element[size:]
		if equalFold(l.element[:size], "chunked") {
			if len(rest) > 0 {
				return p.fail(CodeInvalidTransferEncoding, at+size) // it has no parameters
			}
			f.chunked = true
			continue
		}
		skipped := uint(0)
		for skipped < uint(len(rest)) && isBlank(rest[skipped]) {
			skipped++
		}
		if len(rest) > 0 && rest[skipped] != ';' { // parameters do not matter: the coding is refused in any case
			return p.fail(CodeInvalidTransferEncoding, at+size+skipped)
		}
		if !f.foreign {
			f.foreign, f.foreignCoding = true, at
		}
	}
	return true
}

// headEnd completes p.Head at its blank line, which begins at p.mark. It returns false if the parser failed.
func (p *Parser) headEnd() bool {
	f, h := &p.framing, &p.Head
	if p.response {
		p.answer()
	} else if !f.host && h.Minor > 0 && !p.lenient(abi.LenientMissingHost) {
		return p.fail(CodeMissingHost, p.mark)
	}
	if f.transferEncoding && !h.tunnel() {
		// RFC 9112 §6.3: without chunked at the end nobody knows where the body ends.
		if !f.chunked {
			return p.fail(CodeInvalidTransferEncoding, f.lastCoding)
		}
		if f.foreign {
			return p.fail(CodeUnsupportedTransferCoding, f.foreignCoding)
		}
		h.Chunked = true
		h.ContentLength = -1
	}
	h.HasBody = f.contentLength || h.Chunked
	h.KeepAlive = !f.optionClose && (h.Minor > 0 || f.optionKeepAlive)
	h.Upgrade = f.upgrade && f.optionUpgrade && h.Minor > 0
	if p.response {
		h.endResponse()
	} else if p.form == absoluteForm && f.host && f.hostField >= 0 {
		field := &h.Fields[f.hostField]
		field.ValueOffset, field.ValueSize = p.authority.Offset, p.authority.Size
	}
	h.Size = int(p.pos)
	return true
}

// answer takes the method that Answers gave.
func (p *Parser) answer() {
	p.Head.Method = p.answers
	if p.Head.Status >= 200 {
		p.answers = 0
	}
}

// tunnel reports whether h is a successful response to CONNECT. What its framing fields say must be ignored (RFC 9110 §9.3.6);
// how they say it has been checked line by line nevertheless.
func (h *Head) tunnel() bool { return h.Method == MethodConnect && h.Status/100 == 2 }

// endResponse corrects what a response's fields say by what its status and the request's method say (RFC 9112 §6.3).
func (h *Head) endResponse() {
	h.Upgrade = h.Upgrade && h.Status == 101
	switch {
	case h.Status < 200, h.Status == 204, h.Status == 304, h.Method == MethodHead, h.tunnel():
		h.HasBody, h.Chunked, h.ContentLength = false, false, 0
	case !h.HasBody:
		h.HasBody, h.ToEOF, h.ContentLength = true, true, -1
		h.KeepAlive = false
	}
}
