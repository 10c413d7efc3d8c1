package text

// EqualFold compares as RFC 9110 §5.1 compares names: ASCII letters without regard to case, nothing else.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if a[i] != b[i] && LowerByte(a[i]) != LowerByte(b[i]) {
			return false
		}
	}
	return true
}

// LowerByte puts an ASCII letter into lower case.
func LowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// IsLower reports whether s has no ASCII upper-case letter.
func IsLower(s string) bool {
	for i := 0; i < len(s); i++ {
		if LowerByte(s[i]) != s[i] {
			return false
		}
	}
	return true
}

// Lower puts the ASCII letters of s into lower case. It returns s itself if none changes.
func Lower(s string) string {
	if IsLower(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		b[i] = LowerByte(c)
	}
	return String(b)
}

// Upper puts the ASCII letters of s into upper case.
func Upper(s string) string {
	for i := 0; i < len(s); i++ {
		if 'a' <= s[i] && s[i] <= 'z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'a' <= b[i] && b[i] <= 'z' {
					b[i] -= 'a' - 'A'
				}
			}
			return String(b)
		}
	}
	return s
}
