package stack

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// validField returns name and value of field i if they may be written.
func validField(fields abi.FieldTable, i int) (name, value []byte, ok bool) {
	name, value, ok = fields.Field(i)
	return name, value, ok && h1.ValidName(name) && h1.ValidValue(value)
}

// fieldKind tells the fields that the engine has to understand from those it passes on.
type fieldKind uint8

const (
	fieldOther fieldKind = iota
	fieldConnection
	fieldContentLength
	fieldDate
	fieldHost
	fieldKeepAlive
	fieldTrailer
	fieldTransferEncoding
	fieldUpgrade
	fieldExpect
)

// kindOf tells the kind by the length of the name first: few names need a second look.
func kindOf(name []byte) fieldKind {
	switch len(name) {
	case 4:
		if h1.EqualFold(name, "date") {
			return fieldDate
		}
		if h1.EqualFold(name, "host") {
			return fieldHost
		}
	case 6:
		if h1.EqualFold(name, "expect") {
			return fieldExpect
		}
	case 7:
		if h1.EqualFold(name, "trailer") {
			return fieldTrailer
		}
		if h1.EqualFold(name, "upgrade") {
			return fieldUpgrade
		}
	case 10:
		if h1.EqualFold(name, "connection") {
			return fieldConnection
		}
		if h1.EqualFold(name, "keep-alive") {
			return fieldKeepAlive
		}
	case 14:
		if h1.EqualFold(name, "content-length") {
			return fieldContentLength
		}
	case 17:
		if h1.EqualFold(name, "transfer-encoding") {
			return fieldTransferEncoding
		}
	}
	return fieldOther
}

// parseLength reads a Content-Length: 1*DIGIT (RFC 9110 §8.6) that fits an int64.
func parseLength(value []byte, n *int64) bool {
	if len(value) == 0 || len(value) > 18 {
		return false
	}
	*n = 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
		*n = *n*10 + int64(c-'0')
	}
	return true
}

// hasToken reports whether a comma-separated list has token, which is in lower case.
func hasToken(list []byte, token string) bool {
	for len(list) > 0 {
		item := list
		if i := slices.Index(list, ','); i >= 0 {
			item, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		for len(item) > 0 && (item[0] == ' ' || item[0] == '\t') {
			item = item[1:]
		}
		for n := len(item); n > 0 && (item[n-1] == ' ' || item[n-1] == '\t'); n-- {
			item = item[:n-1]
		}
		if h1.EqualFold(item, token) {
			return true
		}
	}
	return false
}
