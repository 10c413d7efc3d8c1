package h1

import "math/bits"

// The classes of bytes that the grammar tells apart.
const (
	classToken  uint8 = 1 << iota // tchar (RFC 9110 §5.6.2)
	classValue                    // field-content and the white space within: HTAB, 0x20–0x7E, 0x80–0xFF (RFC 9110 §5.5)
	classTarget                   // 0x21–0x7E without '#': what a request target is made of
	classHost                     // reg-name but for pct-encoded: unreserved and sub-delims (RFC 3986 §3.2.2)
	classDigit
	classHex
)

// classes holds the classes of each byte.
var classes = makeClasses()

func makeClasses() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = classToken | classHost
		case c >= '0' && c <= '9':
			t[c] = classToken | classHost | classDigit | classHex
		}
		if c == '\t' || c >= ' ' && c != 0x7F {
			t[c] |= classValue
		}
		if c > ' ' && c < 0x7F && c != '#' {
			t[c] |= classTarget
		}
	}
	for c := 'a'; c <= 'f'; c++ {
		t[c] |= classHex
		t[c-'a'+'A'] |= classHex
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] |= classToken
	}
	for _, c := range []byte("-._~" + "!$&'()*+,;=") {
		t[c] |= classHost
	}
	return t
}

func is(c, class uint8) bool { return classes[c]&class != 0 }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// hexDigit returns the value of a byte of classHex.
func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&0x0F + 9
}

// The loops over bytes of one class come here. They take eight bytes at a time, without a branch for each: a taken branch is
// an indirect jump in what Go makes of a function for wasm.

// skip returns the first index from i on of a byte that is not of class; len(b) if there is none.
func skip(b []byte, i uint, class uint8) uint {
	for i+8 <= uint(len(b)) {
		c := b[i : i+8 : i+8]
		if classes[c[0]]&classes[c[1]]&classes[c[2]]&classes[c[3]]&
			classes[c[4]]&classes[c[5]]&classes[c[6]]&classes[c[7]]&class == 0 {
			break
		}
		i += 8
	}
	for i < uint(len(b)) && classes[b[i]]&class != 0 {
		i++
	}
	return i
}

// Repeated in every byte of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// first returns the index of the first byte of a word whose high bit is set in flags, which is not 0.
func first(flags uint64) uint { return uint(bits.TrailingZeros64(flags)) / 8 }

// skipValue is skip for classValue.
func skipValue(b []byte, i uint) uint {
	for i+8 <= uint(len(b)) {
		w := load(b, i)
		del := w ^ 0x7F*ones
		// The first high bit of w-0x20… that neither w nor a borrow has set is that of the first byte below 0x20;
		// del-1… likewise tells the first byte that is 0.
		flags := ((w-0x20*ones)&^w | (del-ones)&^del) & highs
		if flags == 0 {
			i += 8
			continue
		}
		if i += first(flags); b[i] != '\t' {
			return i
		}
		i++
	}
	return skip(b, i, classValue)
}

// skipTarget is skip for classTarget.
func skipTarget(b []byte, i uint) uint {
	for i+8 <= uint(len(b)) {
		w := load(b, i)
		del, hash := w^0x7F*ones, w^'#'*ones
		flags := (w | (w-0x21*ones)&^w | (del-ones)&^del | (hash-ones)&^hash) & highs
		if flags != 0 {
			return i + first(flags)
		}
		i += 8
	}
	return skip(b, i, classTarget)
}

// skipToken is skip for classToken. Nearly all field names have only letters and hyphens.
func skipToken(b []byte, i uint) uint {
	for i+8 <= uint(len(b)) {
		w := load(b, i)
		low := w &^ highs
		// No sum has a carry into the next byte.
		lower := low | 0x20*ones
		letter := (lower + (0x80-'a')*ones) &^ (lower + (0x7F-'z')*ones)
		other := (low ^ '-'*ones) + 0x7F*ones
		flags := (w | ^letter&other) & highs
		if flags == 0 {
			i += 8
			continue
		}
		if i += first(flags); !is(b[i], classToken) {
			return i
		}
		i++
	}
	return skip(b, i, classToken)
}

// load returns the eight bytes from b[i] on, the first in the low bits. The compiler makes one instruction of it.
func load(b []byte, i uint) uint64 {
	b = b[i : i+8 : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// equalFold reports whether b is lower without regard to case; lower has no capital letter.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
