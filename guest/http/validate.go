package http

import (
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// What a handler puts into a head is checked before it is kept, so that nothing a client sent can
// break out of the line it is echoed in.

// checkHeader validates one field line (RFC 9110 §5.5, §5.6.2).
func checkHeader(h Header) error {
	if !isToken(h.Name) {
		return port.NewError(codeToken, "header name must be a valid HTTP token: "+quote(h.Name))
	}
	if !isFieldValue(h.Value) {
		return port.NewError(codeChar, "invalid character in the value of header "+quote(h.Name))
	}
	return nil
}

func checkHeaders(headers []Header) error {
	for _, h := range headers {
		if err := checkHeader(h); err != nil {
			return err
		}
	}
	return nil
}

// checkTrailer validates a trailer field. Fields that frame, route or modify the message are of no use
// after it, and a recipient that merges them into the head is misled (RFC 9110 §6.5.1).
func checkTrailer(h Header) error {
	switch text.Lower(h.Name) {
	case "connection", "content-encoding", "content-length", "content-range", "content-type", "host",
		"keep-alive", "te", "trailer", "transfer-encoding", "upgrade":
		return port.NewError(codeTrailer, "not allowed as a trailer: "+quote(h.Name))
	}
	return checkHeader(h)
}

func checkReason(reason string) error {
	if !isFieldValue(reason) {
		return port.NewError(codeChar, "invalid character in the reason phrase")
	}
	return nil
}

// isToken reports whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

var tokenBytes = func() (t [256]bool) {
	const tokens = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for i := range len(tokens) {
		t[tokens[i]] = true
	}
	return t
}()

// isFieldValue reports whether s has only HTAB, 0x20–0x7E and 0x80–0xFF.
func isFieldValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isTarget reports whether s can be the target of a request line: no control character or space, which would end it. Bytes from
// 0x80 on are sent as they are, as Node does.
func isTarget(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(s) > 0
}

// quote makes s safe to print on one line.
func quote(s string) string {
	const hex = "0123456789abcdef"
	b := []byte{'"'}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
