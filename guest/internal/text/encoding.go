package text

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// Encoding is one of Node's names for the relation between text and bytes. Text is UTF-8, as Go has it.
type Encoding uint8

const (
	None   Encoding = iota // bytes, no text
	UTF8                   // "utf8", "utf-8"
	ASCII                  // "ascii": 7 bits when read
	Latin1                 // "latin1", "binary": a byte is the code point of that number
	UTF16                  // "utf16le", "utf-16le", "ucs2", "ucs-2"
	Base64                 // "base64"; the URL alphabet is read too
	Hex                    // "hex"
)

// Named looks a name up without regard to case; "" is UTF-8.
func Named(name string) (Encoding, error) {
	switch Lower(name) {
	case "", "utf8", "utf-8":
		return UTF8, nil
	case "ascii":
		return ASCII, nil
	case "latin1", "binary":
		return Latin1, nil
	case "utf16le", "utf-16le", "ucs2", "ucs-2":
		return UTF16, nil
	case "base64":
		return Base64, nil
	case "hex":
		return Hex, nil
	}
	return None, port.NewError("ERR_UNKNOWN_ENCODING", "unknown encoding: "+name)
}

// Encode returns the bytes that the text s stands for. For UTF-8 these are the bytes of s itself, which
// must not be written to. As in Node, text that base64 or hex cannot read is skipped (base64) or ends it (hex).
func Encode(s string, names []string) ([]byte, error) {
	if len(names) == 0 {
		return Bytes(s), nil
	}
	e, err := Named(names[0])
	if err != nil {
		return nil, err
	}
	switch e {
	case ASCII, Latin1:
		return encodeLatin1(s), nil
	case UTF16:
		return encodeUTF16(s), nil
	case Base64:
		return decodeBase64(s), nil
	case Hex:
		return decodeHex(s), nil
	default:
		return Bytes(s), nil
	}
}

// encodeLatin1 keeps the low byte of each UTF-16 unit, as Node does.
func encodeLatin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			b = append(b, byte(high), byte(low))
		} else {
			b = append(b, byte(r))
		}
	}
	return b
}

func encodeUTF16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			b = append(b, byte(high), byte(high>>8), byte(low), byte(low>>8))
		} else {
			b = append(b, byte(r), byte(r>>8))
		}
	}
	return b
}

// decodeBase64 reads both alphabets, skips what is in neither, and stops at the padding.
func decodeBase64(s string) []byte {
	b := make([]byte, 0, len(s)/4*3+2)
	var bits, n uint32
	for i := 0; i < len(s) && s[i] != '='; i++ {
		digit := base64Digit(s[i])
		if digit < 0 {
			continue
		}
		bits, n = bits<<6|uint32(digit), n+6
		if n >= 8 {
			n -= 8
			b = append(b, byte(bits>>n))
		}
	}
	return b
}

func base64Digit(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// decodeHex stops at the first pair that is not two hexadecimal digits.
func decodeHex(s string) []byte {
	b := make([]byte, 0, len(s)/2)
	for ; len(s) >= 2; s = s[2:] {
		high, low := HexDigit(s[0]), HexDigit(s[1])
		if high < 0 || low < 0 {
			break
		}
		b = append(b, byte(high<<4|low))
	}
	return b
}

// HexDigit is the value of a hexadecimal digit, -1 for another byte.
func HexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
