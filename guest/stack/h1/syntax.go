package h1

// ValidName reports whether b may be a field name: a token (RFC 9110 §5.1).
func ValidName(b []byte) bool {
	return len(b) > 0 && skip(b, 0, classToken) == uint(len(b))
}

// ValidValue reports whether b has only bytes that a field value or a reason phrase may have: HTAB,
// 0x20–0x7E and 0x80–0xFF (RFC 9110 §5.5, RFC 9112 §4). CR and LF would begin a line of their own.
func ValidValue(b []byte) bool {
	return skipValue(b, 0) == uint(len(b))
}

// EqualFold reports whether b is lower without regard to case; lower has no capital letter.
func EqualFold(b []byte, lower string) bool { return equalFold(b, lower) }
