package h1

// OriginForm looks at the beginning of a request line for which it is enough to know method and target: end is the index in b of
// what follows the target, where the parser would go on with a space and the version. The target is in origin-form (RFC 9112
// §3.2.1), and the method one that Next knows. end is 0 if b does not begin so, or ends before that shows.
func OriginForm(b []byte) (m Method, target, end uint) {
	m, i := commonMethod(b)
	if i == 0 {
		if m, i = anyMethod(b); m == 0 {
			return 0, 0, 0
		}
	}
	if i+1 >= uint(len(b)) || b[i+1] != '/' {
		return 0, 0, 0
	}
	i++
	if end = skipTarget(b, i); end == uint(len(b)) {
		return 0, 0, 0
	}
	return m, i, end
}

// anyMethod returns the method that b begins with, other than CONNECT, which has no target in origin-form, and its size; 0 if
// there is none, or no space behind it.
func anyMethod(b []byte) (Method, uint) {
	i := uint(0)
	for i < uint(len(b)) && b[i] != ' ' {
		if i++; i > maxMethodSize {
			return 0, 0
		}
	}
	if m := MethodNamed(b[:i]); m != MethodConnect && i < uint(len(b)) {
		return m, i
	}
	return 0, 0
}

const maxMethodSize = uint(len("UNSUBSCRIBE"))

// Fresh reports whether the next byte is the first of a message.
func (p *Parser) Fresh() bool { return p.state == stateStart && p.base == 0 }

// Adopt makes the parser, which is Fresh, go on as if Next had just returned HeadDone for a request of that framing, whose head has size
// bytes. A parser with the same limits has found it in the same bytes. Only how its body is framed is taken from h.
func (p *Parser) Adopt(h *Head, size int) {
	p.messageStart()
	p.Head.ContentLength, p.Head.HasBody, p.Head.Chunked = h.ContentLength, h.HasBody, h.Chunked
	p.pos = uint(size)
	p.headDone()
}
