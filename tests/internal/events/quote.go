package events

import "strings"

const hex = "0123456789abcdef"

// quote writes bytes with \r \n \t \" \\ and \xNN, in quotes.
func quote(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// unquote reads what quote has written, up to the quote at its end.
func unquote(s string) (text, rest string) {
	var b []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '"' {
			return string(b), s[i+1:]
		}
		if c != '\\' || i+1 == len(s) {
			b = append(b, c)
			continue
		}
		i++
		switch s[i] {
		case 'r':
			b = append(b, '\r')
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'x':
			if i+2 < len(s) {
				high, low := strings.IndexByte(hex, s[i+1]), strings.IndexByte(hex, s[i+2])
				b = append(b, byte(high<<4|low))
				i += 2
			}
		default:
			b = append(b, s[i])
		}
	}
	return string(b), ""
}
