package http

import "unsafe"

// commonNames are the names of fields that most requests and responses have, in lower case.
var commonNames = [...]string{
	"accept", "accept-encoding", "accept-language", "access-control-request-headers", "access-control-request-method", "age",
	"authorization", "cache-control", "connection", "content-disposition", "content-encoding", "content-language", "content-length",
	"content-range", "content-type", "cookie", "date", "dnt", "etag", "expect", "expires", "forwarded", "host", "if-match", "if-modified-since",
	"if-none-match", "if-range", "if-unmodified-since", "keep-alive", "last-modified", "link", "location", "origin", "pragma", "priority",
	"proxy-authorization", "range", "referer", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode",
	"sec-fetch-site", "sec-fetch-user", "sec-websocket-key", "sec-websocket-version", "server", "set-cookie", "te", "traceparent", "tracestate",
	"trailer", "transfer-encoding", "upgrade", "upgrade-insecure-requests", "user-agent", "vary", "via", "x-forwarded-for",
	"x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id", "x-requested-with",
}

// namePlaces has the index of each in commonNames plus one, at namePlace of it or after.
var namePlaces = func() (places [256]uint8) {
	for i, name := range commonNames {
		at := namePlace(name)
		for places[at] != 0 {
			at++
		}
		places[at] = uint8(i + 1)
	}
	return places
}()

// namePlace is the same for all spellings of a name, which is not empty.
func namePlace(name string) uint8 {
	last := len(name) - 1
	return uint8(len(name)*7) + (name[0]|0x20)*5 + (name[last]|0x20)*3 + (name[last/2] | 0x20)
}

// commonName returns name in lower case if it is one of commonNames, else "".
func commonName(name string) string {
	if len(name) == 0 {
		return ""
	}
	for at := namePlace(name); namePlaces[at] != 0; at++ {
		if common := commonNames[namePlaces[at]-1]; isSpelling(name, common) {
			return common
		}
	}
	return ""
}

// isSpelling reports whether name is the token lower but for the case of its letters. lower has small letters, digits and "-" only: of what
// may be in a token (RFC 9110 §5.6.2), no other byte becomes one of these with bit 5 set. So several bytes can be compared at a time.
func isSpelling(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	n := len(name)
	a, b := unsafe.Pointer(unsafe.StringData(name)), unsafe.Pointer(unsafe.StringData(lower))
	switch {
	case n < 4:
		for i := range n {
			if name[i]|0x20 != lower[i] {
				return false
			}
		}
		return true
	case n < 8:
		return *(*uint32)(a)|0x20202020 == *(*uint32)(b) &&
			*(*uint32)(unsafe.Add(a, n-4))|0x20202020 == *(*uint32)(unsafe.Add(b, n-4))
	}
	for i := 0; i+8 < n; i += 8 {
		if *(*uint64)(unsafe.Add(a, i))|0x2020202020202020 != *(*uint64)(unsafe.Add(b, i)) {
			return false
		}
	}
	return *(*uint64)(unsafe.Add(a, n-8))|0x2020202020202020 == *(*uint64)(unsafe.Add(b, n-8))
}
