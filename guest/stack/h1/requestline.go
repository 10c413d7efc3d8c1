package h1

import "github.com/portholehttp/porthole/abi"

// requestLine runs the states of the request line (RFC 9112 §3) over b from p.pos on:
//
//	request-line = method SP request-target SP HTTP-version CRLF
//
// It returns whether the line is complete, p.pos being behind it. If not, b has ended or the parser failed.
func (p *Parser) requestLine(b []byte) bool {
	i, n := uint(p.pos), uint(len(b))
	for i < n {
		switch p.state {
		case stateMethod:
			if i == 0 {
				p.method, i = commonMethod(b)
			}
			for i < n && b[i] != ' ' {
				m := p.method.match(i, b[i])
				if m == 0 {
					return p.fail(CodeInvalidMethod, i)
				}
				p.method = m
				i++
			}
			if i == n {
				continue
			}
			if i != uint(len(methodNames[p.method])) {
				return p.fail(CodeInvalidMethod, i)
			}
			if p.method == methodPRI {
				return p.fail(CodeHTTP2Preface, i)
			}
			p.Head.Method = p.method
			p.Head.MethodSpan = Span{Size: uint32(i)}
			i++
			p.mark = i
			p.state = stateTargetStart
			if i == n {
				continue
			}
			fallthrough

		case stateTargetStart:
			form, ok := targetFormOf(p.method, b[i])
			if !ok {
				return p.fail(CodeInvalidTarget, i)
			}
			p.form = form
			p.state = stateTarget
			fallthrough

		case stateTarget:
			if i = skipTarget(b, i); i == n {
				continue
			}
			switch b[i] {
			case ' ':
			case '\r', '\n':
				return p.fail(CodeInvalidVersion, i) // HTTP/0.9
			default:
				return p.fail(CodeInvalidTarget, i)
			}
			if p.form != originForm {
				authority, bad := badTarget(b[p.mark:i], p.form)
				if bad >= 0 {
					return p.fail(CodeInvalidTarget, p.mark+uint(bad))
				}
				p.authority = Span{Offset: uint32(p.mark) + authority.Offset, Size: authority.Size}
			}
			p.Head.Target = Span{Offset: uint32(p.mark), Size: uint32(i - p.mark)}
			i++
			p.mark = i
			p.state = stateVersion
			if i == n {
				continue
			}
			fallthrough

		case stateVersion:
			if minor, ok := commonVersion(b, i); ok && i == p.mark {
				p.Head.Minor = minor
				i += versionSize
				p.state = stateVersionCR
				continue
			}
			if !p.versionByte(b[i], i) {
				return false
			}
			if i++; i == p.mark+versionSize {
				p.state = stateVersionCR
			}

		case stateVersionCR:
			switch {
			case b[i] == '\r':
				i++
			case b[i] != '\n':
				return p.fail(CodeInvalidVersion, i)
			case !p.lenient(abi.LenientBareLF):
				return p.fail(CodeExpectedCR, i)
			}
			p.state = stateVersionLF
			if i == n {
				continue
			}
			fallthrough

		case stateVersionLF:
			if b[i] != '\n' {
				return p.fail(CodeExpectedLF, i)
			}
			p.pos = i + 1
			p.state = stateLine
			return true
		}
	}
	p.pos = i
	return false
}

// commonMethod returns the method that b begins with, and its size, if it is one of the two most frequent ones; else where
// Method.match begins.
func commonMethod(b []byte) (Method, uint) {
	const (
		get  = 'G' | 'E'<<8 | 'T'<<16 | ' '<<24
		post = 'P' | 'O'<<8 | 'S'<<16 | 'T'<<24 | ' '<<32
	)
	if len(b) >= 8 {
		w := load(b, 0)
		if w&(1<<32-1) == get {
			return MethodGet, 3
		}
		if w&(1<<40-1) == post {
			return MethodPost, 4
		}
	}
	return MethodCheckout, 0
}
