package route

import (
	"bytes"
	"net/netip"
)

// maxHost is the most bytes of a host name in a pattern, or in a request that a pattern with a host may be for: what DNS has
// (RFC 1035 §2.3.4), as text.
const maxHost = 253

// canonicalHost appends host to to, as patterns have it: in lower case, without port and dot at the end, an IPv6 address in
// brackets and in its shortest form (RFC 5952). A host that no pattern can have becomes empty. to has room for maxHost bytes.
func canonicalHost(to, host []byte) []byte {
	if len(host) > 0 && host[0] == '[' {
		end := bytes.IndexByte(host, ']')
		if end < 0 || end+1 < len(host) && host[end+1] != ':' {
			return to[:0]
		}
		a, err := netip.ParseAddr(string(host[1:end]))
		if err != nil || !a.Is6() || a.Zone() != "" {
			return to[:0]
		}
		return append(a.AppendTo(append(to, '[')), ']')
	}
	if colon := bytes.LastIndexByte(host, ':'); colon >= 0 {
		host = host[:colon]
	}
	host = bytes.TrimSuffix(host, []byte("."))
	if len(host) > maxHost {
		return to[:0]
	}
	for _, c := range host {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// validHost reports whether a name of a pattern is a host name or an IPv4 address, in lower case: its labels are letters,
// digits, - and _.
func validHost(name string) bool {
	if len(name) > maxHost {
		return false
	}
	before := byte('.')
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.' && before != '.':
		default:
			return false
		}
		before = c
	}
	return before != '.'
}
