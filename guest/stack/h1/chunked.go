package h1

// chunkLine runs the states between the data of two chunks (RFC 9112 §7.1) over b, and returns where it stopped: behind
// the line of a chunk that has data (state stateData), or of the last chunk (state stateLine, of the trailer section), or at
// the end of b. ok is false if the parser failed.
//
//	chunk      = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//	last-chunk = 1*"0" [ chunk-ext ] CRLF
//
// LenientBareLF is not for these lines: RFC 9112 §2.2 does not offer it there.
func (p *Parser) chunkLine(b []byte) (n uint, ok bool) {
	for i, c := range b {
		switch p.state {
		case stateDataCR:
			if c != '\r' {
				return 0, p.fail(CodeInvalidChunkEnd, uint(i))
			}
			p.state = stateDataLF

		case stateDataLF:
			if c != '\n' {
				return 0, p.fail(CodeExpectedLF, uint(i))
			}
			p.chunkStart()

		case stateChunkSize:
			if is(c, classHex) {
				if p.digits++; p.digits > 16 || p.remaining > maxSize>>4 {
					return 0, p.fail(CodeInvalidChunkSize, uint(i))
				}
				p.remaining = p.remaining<<4 | int64(hexDigit(c))
				continue
			}
			switch {
			case p.digits == 0:
				return 0, p.fail(CodeInvalidChunkSize, uint(i))
			case c == '\r':
				p.state = stateChunkLF
				continue
			}
			// RFC 9112 §7.1.1 has white space before ";", and nowhere else.
			p.state = extensionStart
			if !p.extension(c, uint(i), CodeInvalidChunkSize) {
				return 0, false
			}

		case stateChunkLF:
			if c != '\n' {
				return 0, p.fail(CodeExpectedLF, uint(i))
			}
			if p.remaining > 0 {
				p.state = stateData
			} else {
				p.trailerStart()
			}
			return uint(i) + 1, true

		default:
			if !p.extension(c, uint(i), CodeInvalidChunkExtension) {
				return 0, false
			}
		}
	}
	return uint(len(b)), true
}

func (p *Parser) chunkStart() {
	p.state = stateChunkSize
	p.digits = 0
	p.remaining = 0
}

// extension takes a byte of the chunk extensions, or the CR after them. It returns false if the parser failed.
func (p *Parser) extension(c byte, at uint, code Code) bool {
	next := nextExtension(p.state, c)
	if next == stateFailed {
		return p.fail(code, at)
	}
	p.state = next
	if next == stateChunkLF {
		return true
	}
	if p.extensions == p.limits.MaxChunkExtensions {
		return p.fail(CodeChunkExtensionsOverflow, at)
	}
	p.extensions++
	return true
}

// nextExtension is the automaton of chunk extensions (RFC 9112 §7.1.1):
//
//	chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
//
// BWS is accepted, as it must be, where the grammar has it. So there is none before the CR, and no room for
// "5 \r\n", which some take for a size and some do not.
func nextExtension(s state, c byte) state {
	blank := isBlank(c)
	switch s {
	case extensionStart: // after the size or a value, and any blanks
		switch {
		case blank:
			return extensionStart
		case c == ';':
			return extensionNameStart
		}
	case extensionNameStart:
		switch {
		case blank:
			return extensionNameStart
		case is(c, classToken):
			return extensionName
		}
	case extensionName:
		switch {
		case is(c, classToken):
			return extensionName
		case c == '\r':
			return stateChunkLF
		}
		return nextExtension(extensionNameEnd, c)
	case extensionNameEnd: // after a name and any blanks
		switch {
		case blank:
			return extensionNameEnd
		case c == '=':
			return extensionValueStart
		case c == ';':
			return extensionNameStart
		}
	case extensionValueStart:
		switch {
		case blank:
			return extensionValueStart
		case c == '"':
			return extensionQuoted
		case is(c, classToken):
			return extensionValue
		}
	case extensionValue:
		if is(c, classToken) {
			return extensionValue
		}
		return nextExtension(extensionQuotedEnd, c)
	case extensionQuoted: // RFC 9110 §5.6.4
		switch {
		case c == '"':
			return extensionQuotedEnd
		case c == '\\':
			return extensionEscape
		case is(c, classValue):
			return extensionQuoted
		}
	case extensionEscape:
		if is(c, classValue) {
			return extensionQuoted
		}
	case extensionQuotedEnd:
		if c == '\r' {
			return stateChunkLF
		}
		return nextExtension(extensionStart, c)
	}
	return stateFailed
}
