package h1

// An authority is uri-host [ ":" port ] (RFC 9110 §4.2, §7.2; RFC 3986 §3.2). User information is not part of it.
type authority struct {
	hostSize int // bytes; 0 when the host is empty
	port     int // 0–65535; -1 when there is none, or an empty one
}

// parseAuthority splits b. bad is the index of the first byte that cannot be right, -1 if there is none.
func parseAuthority(b []byte) (a authority, bad int) {
	a.port = -1
	i := 0
	if len(b) > 0 && b[0] == '[' {
		if i, bad = skipIPLiteral(b); bad >= 0 {
			return a, bad
		}
	} else if i, bad = skipRegName(b); bad >= 0 {
		return a, bad
	}
	a.hostSize = i
	if i == len(b) {
		return a, -1
	}
	if b[i] != ':' {
		return a, i
	}
	for i++; i < len(b); i++ {
		if !is(b[i], classDigit) {
			return a, i
		}
		a.port = max(a.port, 0)*10 + int(b[i]-'0')
		if a.port > 65535 {
			return a, i
		}
	}
	return a, -1
}

// badHost returns the index of the first byte that cannot be right in the value of Host, -1 if there is none. The value may be
// empty (RFC 9112 §3.2), a port alone may not stand there.
func badHost(b []byte) int {
	a, bad := parseAuthority(b)
	if bad < 0 && a.hostSize == 0 && len(b) > 0 {
		return 0
	}
	return bad
}

// skipRegName returns the end of the reg-name that b begins with; an IPv4address is one (RFC 3986 §3.2.2).
func skipRegName(b []byte) (end, bad int) {
	for {
		end = int(skip(b, uint(end), classHost))
		if end == len(b) || b[end] != '%' {
			return end, -1
		}
		for k := end + 1; k <= end+2; k++ {
			if k == len(b) || !is(b[k], classHex) {
				return 0, k
			}
		}
		end += 3
	}
}

// skipIPLiteral returns the end of the IP-literal that b begins with: an IPv6address or an IPvFuture in brackets.
func skipIPLiteral(b []byte) (end, bad int) {
	i := 1
	for i < len(b) && b[i] != ']' {
		i++
	}
	if i == len(b) {
		return 0, i
	}
	if inner := b[1:i]; len(inner) > 0 && inner[0]|0x20 == 'v' {
		bad = badIPvFuture(inner)
	} else {
		bad = badIPv6(inner)
	}
	if bad >= 0 {
		return 0, 1 + bad
	}
	return i + 1, -1
}

// badIPvFuture is for "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ).
func badIPvFuture(b []byte) int {
	i := 1
	for i < len(b) && is(b[i], classHex) {
		i++
	}
	if i == 1 || i == len(b) || b[i] != '.' {
		return i
	}
	i++
	if i == len(b) {
		return i
	}
	for ; i < len(b); i++ {
		if !is(b[i], classHost) && b[i] != ':' {
			return i
		}
	}
	return -1
}

// badIPv6 is for IPv6address: eight groups of up to four hexadecimal digits, of which the last two may be an IPv4 address, and
// one or more in a row may be left out. There are no zones (RFC 6874) in HTTP.
func badIPv6(b []byte) int {
	groups, gap := 0, false
	i := 0
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap = true
		i = 2
	}
	for i < len(b) {
		j := i
		for j < len(b) && j < i+4 && is(b[j], classHex) {
			j++
		}
		if j < len(b) && b[j] == '.' {
			if bad := badIPv4(b[i:]); bad >= 0 {
				return i + bad
			}
			groups += 2
			break
		}
		if j == i || groups == 8 {
			return i
		}
		groups++
		if i = j; i == len(b) {
			break
		}
		if b[i] != ':' {
			return i
		}
		if i++; i == len(b) {
			return i // a colon at the end
		}
		if b[i] == ':' {
			if gap {
				return i
			}
			gap = true
			i++
		}
	}
	if groups == 8 && !gap || groups < 8 && gap {
		return -1
	}
	return len(b)
}

// badIPv4 is for IPv4address: four numbers up to 255 without leading zeroes.
func badIPv4(b []byte) int {
	i := 0
	for n := range 4 {
		if n > 0 {
			if i == len(b) || b[i] != '.' {
				return i
			}
			i++
		}
		first, v := i, 0
		for i < len(b) && is(b[i], classDigit) {
			v = v*10 + int(b[i]-'0')
			if v > 255 || i > first && b[first] == '0' {
				return i
			}
			i++
		}
		if i == first {
			return i
		}
	}
	if i < len(b) {
		return i
	}
	return -1
}
