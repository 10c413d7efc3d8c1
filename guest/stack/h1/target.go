package h1

// The forms of a request target (RFC 9112 §3.2). All are made of classTarget.
type targetForm uint8

const (
	originForm    targetForm = iota // "/" …
	absoluteForm                    // http://authority…, https://authority…
	authorityForm                   // host:port, for CONNECT only, which takes no other
	asteriskForm                    // "*", for OPTIONS only
)

// targetFormOf tells the form from the first byte of a target; ok is false if no form that the method takes begins so.
func targetFormOf(m Method, c byte) (f targetForm, ok bool) {
	switch {
	case m == MethodConnect:
		return authorityForm, is(c, classTarget)
	case c == '/':
		return originForm, true
	case c == '*':
		return asteriskForm, m == MethodOptions
	}
	return absoluteForm, c|0x20 == 'h'
}

// badTarget returns the index of the first byte that cannot be right in the target t, -1 if there is none. auth is the place of
// the authority in an absolute-form. t is not empty, and targetFormOf has seen its first byte.
func badTarget(t []byte, f targetForm) (auth Span, bad int) {
	switch f {
	case absoluteForm:
		return badAbsolute(t)
	case authorityForm:
		// RFC 9110 §9.3.6: an empty or invalid port number must be refused.
		a, bad := parseAuthority(t)
		switch {
		case bad >= 0:
			return auth, bad
		case a.hostSize == 0:
			return auth, 0
		case a.port <= 0:
			return auth, len(t)
		}
	case asteriskForm:
		if len(t) > 1 {
			return auth, 1
		}
	}
	return auth, -1
}

// badAbsolute is badTarget for absolute-form. The schemes are those that a server can be the origin for; an empty
// host must be refused (RFC 9110 §4.2.1), and so should be user information (§4.2.4).
func badAbsolute(t []byte) (auth Span, bad int) {
	const scheme = "https://"
	i, s := 0, 0
	for s < len(scheme) {
		if i == len(t) {
			return auth, i
		}
		c := t[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c == ':' && s == len("http") {
			s++ // http: has no s
		}
		if c != scheme[s] {
			return auth, i
		}
		i, s = i+1, s+1
	}
	end := i
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		end++
	}
	a, bad := parseAuthority(t[i:end])
	if bad >= 0 {
		return auth, i + bad
	}
	if a.hostSize == 0 {
		return auth, i
	}
	return Span{Offset: uint32(i), Size: uint32(end - i)}, -1
}
