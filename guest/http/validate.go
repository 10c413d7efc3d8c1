package http

import (
	"unsafe"

	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// What a handler puts into a head is checked before it is kept, so that nothing a client sent can
// break out of the line it is echoed in.

// checkField validates one field line (RFC 9110 §5.5, §5.6.2).
func checkField(name, value string) error {
	if !isToken(name) {
		return port.NewError(codeToken, "header name must be a valid HTTP token: "+quote(name))
	}
	if !isFieldValue(value) {
		return port.NewError(codeChar, "invalid character in the value of header "+quote(name))
	}
	return nil
}

func checkHeaders(headers []Header) error {
	for i := range headers {
		if err := checkField(headers[i].Name, headers[i].Value); err != nil {
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
	return checkField(h.Name, h.Value)
}

func checkReason(reason string) error {
	if !isFieldValue(reason) {
		return port.NewError(codeChar, "invalid character in the reason phrase")
	}
	return nil
}

// isToken reports whether s is a token of RFC 9110 §5.6.2. A name that was found to be one lately is known by where it is, for handlers have
// constants for names, and strings do not change.
func isToken(s string) bool {
	known := &tokens[uintptr(unsafe.Pointer(unsafe.StringData(s)))/8%uintptr(len(tokens))]
	if len(*known) == len(s) && unsafe.StringData(*known) == unsafe.StringData(s) && len(s) > 0 {
		return true
	}
	for i := 0; i < len(s); i++ {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	if len(s) > 0 && len(s) <= maxKnownToken {
		*known = s
	}
	return len(s) > 0
}

// maxKnownToken is how long a token is at most that is held on to.
const maxKnownToken = 64

// tokens are those that were found to be some, each where its address says.
var tokens [32]string

var tokenBytes = func() (t [256]bool) {
	const tokens = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for i := range len(tokens) {
		t[tokens[i]] = true
	}
	return t
}()

// isFieldValue reports whether s has only HTAB, 0x20–0x7E and 0x80–0xFF.
func isFieldValue(s string) bool {
	last := len(s) - 8
	if last < 0 {
		return isFieldValueSlow(s)
	}
	p := unsafe.Pointer(unsafe.StringData(s))
	for i := 0; i < last; i += 8 {
		if hasControl(*(*uint64)(unsafe.Add(p, i))) {
			return isFieldValueSlow(s)
		}
	}
	return !hasControl(*(*uint64)(unsafe.Add(p, last))) || isFieldValueSlow(s)
}

// isFieldValueSlow defines isFieldValue, byte by byte.
func isFieldValueSlow(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// hasControl reports whether one of eight bytes is less than 0x20 or is 0x7f.
func hasControl(eight uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	below := (eight - 0x20*ones) &^ eight
	del := eight ^ 0x7f*ones
	return (below|(del-ones)&^del)&high != 0
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
