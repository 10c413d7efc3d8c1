package h1

import "github.com/portholehttp/porthole/abi"

// statusLine runs the states of the status line (RFC 9112 §4) over b from p.pos on:
//
//	status-line = HTTP-version SP status-code [ SP [ reason-phrase ] ] CRLF
//
// The RFC has the second SP even where there is no reason. Too many servers leave it out for it to be demanded, and there is no
// other way to read such a line. A status-code from 600 on is invalid, but RFC 9110 §15 wants it processed as a 5xx, not refused;
// below 100 there is no class it could belong to.
//
// It returns whether the line is complete, p.pos being behind it. If not, b has ended or the parser failed.
func (p *Parser) statusLine(b []byte) bool {
	i, n := p.pos, uint(len(b))
	for i < n {
		switch p.state {
		case stateProtocol:
			if minor, ok := commonVersion(b, i); ok && i == 0 {
				p.Head.Minor = minor
				i += versionSize
				p.state = stateStatusSP
				continue
			}
			if !p.versionByte(b[i], i) {
				return false
			}
			if i++; i == versionSize {
				p.state = stateStatusSP
			}

		case stateStatusSP:
			if b[i] != ' ' {
				return p.fail(CodeInvalidVersion, i)
			}
			i++
			p.mark = i
			p.state = stateStatus
			if i == n {
				continue
			}
			fallthrough

		case stateStatus:
			for ; i < n && i < p.mark+3; i++ {
				c := b[i]
				if !is(c, classDigit) || c == '0' && i == p.mark {
					return p.fail(CodeInvalidStatus, i)
				}
				p.Head.Status = p.Head.Status*10 + uint16(c-'0')
			}
			if i < p.mark+3 {
				continue
			}
			p.state = stateStatusEnd
			if i == n {
				continue
			}
			fallthrough

		case stateStatusEnd:
			switch b[i] {
			case ' ':
				i++
			case '\r', '\n':
			default:
				return p.fail(CodeInvalidStatus, i)
			}
			p.mark = i
			p.state = stateReason
			if i == n {
				continue
			}
			fallthrough

		case stateReason:
			if i = skipValue(b, i); i == n {
				continue
			}
			p.Head.Reason = Span{Offset: uint32(p.mark), Size: uint32(i - p.mark)}
			switch {
			case b[i] == '\r':
				i++
			case b[i] != '\n':
				return p.fail(CodeInvalidStatus, i)
			case !p.lenient(abi.LenientBareLF):
				return p.fail(CodeExpectedCR, i)
			}
			p.state = stateStatusLF
			if i == n {
				continue
			}
			fallthrough

		case stateStatusLF:
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
