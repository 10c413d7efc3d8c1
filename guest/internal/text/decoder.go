package text

import "unicode/utf8"

// Decoder turns the bytes of a body into text, piece by piece, such that the pieces put together do not
// depend on where the body was cut: a character, a group of base64 or a surrogate pair whose end is
// missing waits for the next piece.
type Decoder struct {
	encoding Encoding
	held     [4]byte // the beginning of a character
	heldSize int
	text     []byte // what Write returned last, reused
}

// NewDecoder returns a decoder of an encoding.
func NewDecoder(e Encoding) *Decoder { return &Decoder{encoding: e} }

// Write returns the text that p completes, as UTF-8. It is valid until the next call, and may be p itself.
func (d *Decoder) Write(p []byte) []byte {
	if d.heldSize == 0 && d.encoding == UTF8 {
		if n := validPrefix(p); n == len(p) || isUTF8Prefix(p[n:]) {
			d.hold(p[n:])
			return p[:n] // as a rule all of it, without a copy
		}
	}
	d.text = d.text[:0]
	for d.heldSize > 0 && len(p) > 0 { // complete the held character byte by byte
		d.held[d.heldSize] = p[0]
		d.heldSize++
		p = p[1:]
		n := d.convert(d.held[:d.heldSize], false)
		d.heldSize = copy(d.held[:], d.held[n:d.heldSize])
	}
	if d.heldSize == 0 {
		d.hold(p[d.convert(p, false):])
	}
	return d.text
}

// End returns what is left when the body is over: an unfinished character as U+FFFD, the last group of
// base64 with its padding. An odd last byte of UTF-16 is dropped, as Node does.
func (d *Decoder) End() []byte {
	d.text = d.text[:0]
	d.convert(d.held[:d.heldSize], true)
	d.heldSize = 0
	return d.text
}

func (d *Decoder) hold(p []byte) { d.heldSize = copy(d.held[:], p) }

// convert appends the text of p's beginning to d.text and returns how many bytes that was: all, or all but
// the few of an unfinished character unless last is set.
func (d *Decoder) convert(p []byte, last bool) int {
	switch d.encoding {
	case UTF8:
		return d.utf8(p, last)
	case UTF16:
		return d.utf16(p, last)
	case Base64:
		return d.base64(p, last)
	case Hex:
		const digits = "0123456789abcdef"
		for _, c := range p {
			d.text = append(d.text, digits[c>>4], digits[c&15])
		}
	case ASCII:
		for _, c := range p {
			d.text = append(d.text, c&0x7f)
		}
	default: // latin1
		for _, c := range p {
			d.text = utf8.AppendRune(d.text, rune(c))
		}
	}
	return len(p)
}

func (d *Decoder) utf8(p []byte, last bool) int {
	done := 0
	for done < len(p) {
		if n := validPrefix(p[done:]); n > 0 {
			d.text = append(d.text, p[done:done+n]...)
			done += n
			continue
		}
		if !last && isUTF8Prefix(p[done:]) {
			break
		}
		d.text = append(d.text, "\uFFFD"...)
		done += invalidSize(p[done:])
	}
	return done
}

func (d *Decoder) utf16(p []byte, last bool) int {
	done := 0
	for len(p)-done >= 2 {
		unit, size := rune(p[done])|rune(p[done+1])<<8, 2
		if unit&^0x3ff == 0xd800 { // the first of a surrogate pair
			if len(p)-done < 4 && !last {
				return done
			}
			if len(p)-done >= 4 {
				next := rune(p[done+2]) | rune(p[done+3])<<8
				if next&^0x3ff == 0xdc00 {
					unit, size = 0x10000+(unit&0x3ff)<<10+next&0x3ff, 4
				}
			}
		}
		d.text = utf8.AppendRune(d.text, unit) // U+FFFD for half of a pair
		done += size
	}
	if last {
		return len(p)
	}
	return done
}

func (d *Decoder) base64(p []byte, last bool) int {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	done := 0
	for ; len(p)-done >= 3; done += 3 {
		b := uint32(p[done])<<16 | uint32(p[done+1])<<8 | uint32(p[done+2])
		d.text = append(d.text, digits[b>>18], digits[b>>12&63], digits[b>>6&63], digits[b&63])
	}
	if !last {
		return done
	}
	switch rest := p[done:]; len(rest) {
	case 1:
		b := uint32(rest[0]) << 4
		d.text = append(d.text, digits[b>>6], digits[b&63], '=', '=')
	case 2:
		b := uint32(rest[0])<<10 | uint32(rest[1])<<2
		d.text = append(d.text, digits[b>>12], digits[b>>6&63], digits[b&63], '=')
	}
	return len(p)
}

// validPrefix is the size of the longest prefix of p that is valid UTF-8.
func validPrefix(p []byte) int {
	if utf8.Valid(p) {
		return len(p)
	}
	n := 0
	for n < len(p) {
		if p[n] < utf8.RuneSelf {
			n++
			continue
		}
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// isUTF8Prefix reports whether p is the proper beginning of one character, or empty.
func isUTF8Prefix(p []byte) bool { return len(p) == 0 || !utf8.FullRune(p) }

// invalidSize is how many bytes at the start of p one U+FFFD stands for: the longest proper beginning of a
// character, or one byte (the practice of the Unicode Standard, chapter 3, "U+FFFD Substitution").
func invalidSize(p []byte) int {
	n := 1
	for n < len(p) && n < utf8.UTFMax && isUTF8Prefix(p[:n+1]) {
		n++
	}
	return n
}
