package http

import "unsafe"

// Most handlers answer with the same few heads again and again, made of constants. One that comes for the second time is
// remembered: as it was encoded, for it was found valid and strings do not change. It is known again by its strings, which are the
// same ones as a rule, and equal otherwise.

// knownHead is a head that was sent before, without a reason phrase, and with a Date.
type knownHead struct {
	status    int
	headers   Headers // not to be changed
	record    []byte
	announces bool // there is a Trailer field
}

const (
	knownHeads     = 8       // are remembered at a time, a power of 2
	maxKnownFields = 16      // of one
	maxKnownRecord = 1 << 10 // bytes of one
)

var heads [knownHeads]struct {
	known *knownHead
	mark  uintptr // of the last head that would have its place
}

// recent is the one that was found last.
var recent = new(knownHead)

// findHead returns a head as it was sent before, nil if it is not known.
func findHead(status int, headers []Header) *knownHead {
	k := heads[headPlace(status, headers)].known
	if k == nil || !k.is(status, headers) {
		return nil
	}
	recent = k
	return k
}

// is reports whether k is the head of these.
func (k *knownHead) is(status int, headers []Header) bool {
	if k.status != status || len(k.headers) != len(headers) {
		return false
	}
	for i := range headers {
		if !same(headers[i].Value, k.headers[i].Value) || !same(headers[i].Name, k.headers[i].Name) {
			return false
		}
	}
	return true
}

// rememberHead makes a valid head known if it comes for the second time in a row, made of the same strings; else it returns nil.
func rememberHead(status int, headers []Header) *knownHead {
	place := &heads[headPlace(status, headers)]
	if mark := headMark(status, headers); place.mark != mark {
		place.mark = mark
		return nil
	}
	if len(headers) > maxKnownFields {
		return nil
	}
	record := encodeResponseHead(uint16(status), 0, "", headers)
	if len(record) > maxKnownRecord {
		return nil
	}
	place.known = &knownHead{
		status:    status,
		headers:   append(make(Headers, 0, len(headers)), headers...),
		record:    append(make([]byte, 0, len(record)), record...),
		announces: Headers(headers).Has("trailer"),
	}
	return place.known
}

// headPlace is where a head is remembered.
func headPlace(status int, headers []Header) uint {
	n := uint(status)
	if last := len(headers) - 1; last >= 0 {
		n += uint(last) + uint(len(headers[last].Value))
	}
	return n % knownHeads
}

// headMark is a number that is the same, as a rule, for the same strings, and another one for others. It holds on to none of them.
func headMark(status int, headers []Header) uintptr {
	mark := uintptr(status)
	for i := range headers {
		h := &headers[i]
		mark = mark*31 + uintptr(unsafe.Pointer(unsafe.StringData(h.Name))) + uintptr(len(h.Name))
		mark = mark*31 + uintptr(unsafe.Pointer(unsafe.StringData(h.Value))) + uintptr(len(h.Value))
	}
	return mark
}

// same is a == b, fast if they are one string.
func same(a, b string) bool {
	return len(a) == len(b) && (unsafe.StringData(a) == unsafe.StringData(b) || a == b)
}
