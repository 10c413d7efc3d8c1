package http

import (
	"unsafe"

	"github.com/portholehttp/porthole/guest/internal/text"
)

// Header is one header field line.
type Header struct{ Name, Value string }

// Headers are field lines in order. Names are compared without regard to case; those of a request are in
// lower case, unless [ServerRequest.RawHeaders] returned them. Values are the bytes on the wire.
type Headers []Header

// Get returns the value of name, "" if there is none. Several lines of one name are merged as Node does:
// the first alone for the fields that a message has at most once (Content-Type, Host, … and Set-Cookie,
// whose lines cannot be merged: see Values), joined by "; " for Cookie, and by ", " for all others.
func (h Headers) Get(name string) string {
	i := h.index(name, 0)
	if i < 0 {
		return ""
	}
	next := h.index(name, i+1)
	if next < 0 {
		return h[i].Value
	}
	return h.merged(name, i, next)
}

// merged is the value of name, of which the first two lines are known.
func (h Headers) merged(name string, first, next int) string {
	value := h[first].Value
	if firstWins(name) {
		return value
	}
	separator := ", "
	if text.EqualFold(name, "cookie") {
		separator = "; "
	}
	for ; next >= 0; next = h.index(name, next+1) {
		value += separator + h[next].Value
	}
	return value
}

// Values returns the value of each line of name, in order.
func (h Headers) Values(name string) []string {
	var values []string
	for i := h.index(name, 0); i >= 0; i = h.index(name, i+1) {
		values = append(values, h[i].Value)
	}
	return values
}

// Has reports whether there is a line of name.
func (h Headers) Has(name string) bool { return h.index(name, 0) >= 0 }

// Set gives name one line with this value: in place of its first one, or at the end. Others of it are removed.
func (h *Headers) Set(name, value string) {
	i := h.index(name, 0)
	if i < 0 {
		*h = append(*h, Header{name, value})
		return
	}
	(*h)[i] = Header{name, value}
	if h.index(name, i+1) >= 0 {
		rest := (*h)[i+1:]
		rest.Del(name)
		*h = (*h)[:i+1+len(rest)]
	}
}

// Add appends a line.
func (h *Headers) Add(name, value string) { *h = append(*h, Header{name, value}) }

// Del removes all lines of name.
func (h *Headers) Del(name string) {
	kept := (*h)[:0]
	for _, x := range *h {
		if !text.EqualFold(x.Name, name) {
			kept = append(kept, x)
		}
	}
	clear((*h)[len(kept):]) // let go of the strings
	*h = kept
}

// replace puts the lines of add in place of those with the same names, and appends the rest. Lines of
// one name stay together where the first of them was.
func (h *Headers) replace(add []Header) {
	old := *h
	if !old.hasAny(add) {
		*h = append(old, add...)
		return
	}
	merged := make(Headers, 0, len(old)+len(add))
	for i, x := range old {
		if !Headers(add).Has(x.Name) {
			merged = append(merged, x)
		} else if old.index(x.Name, 0) == i {
			merged = appendNamed(merged, add, x.Name)
		}
	}
	for _, x := range add {
		if !old.Has(x.Name) {
			merged = append(merged, x)
		}
	}
	*h = merged
}

// hasAny reports whether a name of other is among the names of h.
func (h Headers) hasAny(other []Header) bool {
	for _, x := range other {
		if h.Has(x.Name) {
			return true
		}
	}
	return false
}

// appendNamed appends the lines of from that have the name.
func appendNamed(to, from Headers, name string) Headers {
	for i := from.index(name, 0); i >= 0; i = from.index(name, i+1) {
		to = append(to, from[i])
	}
	return to
}

// index is the position of the first line of name at or after from, -1 if there is none. As a rule it is found without a look at its letters: a
// name in lower case that a handler asks for is the same string as the one of commonNames.
func (h Headers) index(name string, from int) int {
	for ; from < len(h); from++ {
		if x := &h[from]; len(x.Name) == len(name) && (unsafe.StringData(x.Name) == unsafe.StringData(name) || text.EqualFold(x.Name, name)) {
			return from
		}
	}
	return -1
}

// firstWins reports whether a repeated field keeps only its first line. It is Node's list.
func firstWins(name string) bool {
	switch text.Lower(name) {
	case "age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host",
		"if-modified-since", "if-unmodified-since", "last-modified", "location", "max-forwards",
		"proxy-authorization", "referer", "retry-after", "server", "set-cookie", "user-agent":
		return true
	}
	return false
}
