package h1

const (
	version11   = "HTTP/1.1"
	versionSize = uint(len(version11))
)

// versionByte takes c, a byte of HTTP-version (RFC 9112 §2.3), which began at p.mark. It returns false if the parser failed.
func (p *Parser) versionByte(c byte, at uint) bool {
	switch k := at - p.mark; k {
	case 5:
		if !is(c, classDigit) {
			return p.fail(CodeInvalidVersion, at)
		}
		p.major = c
	case 7:
		switch {
		case !is(c, classDigit):
			return p.fail(CodeInvalidVersion, at)
		case p.major != '1':
			return p.fail(CodeUnsupportedVersion, p.mark+5)
		case c > '1':
			return p.fail(CodeUnsupportedVersion, at)
		}
		p.Head.Minor = c - '0'
	default:
		if c != version11[k] {
			if k < 5 {
				return p.fail(CodeInvalidConstant, at) // as Node has it
			}
			return p.fail(CodeInvalidVersion, at)
		}
	}
	return true
}

// commonVersion returns the minor version if the whole of HTTP/1.0 or HTTP/1.1 is at b[i].
func commonVersion(b []byte, i uint) (minor uint8, ok bool) {
	const http10 = 'H' | 'T'<<8 | 'T'<<16 | 'P'<<24 | '/'<<32 | '1'<<40 | '.'<<48 | '0'<<56
	if i+8 > uint(len(b)) {
		return 0, false
	}
	w := load(b, i)
	return uint8(w >> 56 & 1), w&^(1<<56) == http10
}
