package http

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// parseURL takes an absolute URL of http or https apart (RFC 3986 §3, RFC 9110 §4.2) into the options of a request for it.
//
// It refuses what two readers may understand differently, where a lenient one mends it: a second "@", a backslash, an empty
// or encoded host, white space anywhere. The host is an ASCII name or an address, for there is no IDNA here. Path and query are sent as
// they are, and the fragment is dropped, for it is the client's own.
//
// net/url is not used: with fmt, os and reflect it adds half a MiB to a plugin. The error's code is ERR_INVALID_URL. It does not
// have the URL, in which there may be a password.
func parseURL(url string) (o RequestOptions, err error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || !isScheme(scheme) {
		return o, errURL("it is not absolute")
	}
	authority, path := splitPath(rest)
	o.Protocol = text.Lower(scheme) + ":" // another than these two is refused with the request
	if user, host, ok := strings.Cut(authority, "@"); ok {
		authority = host
		if o.Auth, ok = unescape(user); !ok {
			return o, errURL("its user information is malformed")
		}
	}
	if o.Hostname, o.Port, ok = splitAuthority(authority); !ok {
		return o, errURL("its host or port is malformed")
	}
	path, _, _ = strings.Cut(path, "#")
	switch {
	case path == "":
		path = "/"
	case path[0] == '?':
		path = "/" + path
	}
	o.Path = path
	return o, nil
}

// isScheme reports whether s has the form of a scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := text.LowerByte(s[i]); (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// splitPath splits what follows "://" where the authority ends (RFC 3986 §3.2).
func splitPath(s string) (authority, path string) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// splitAuthority takes host[:port] apart; port is 0 if there is none. The brackets of an IPv6 address are removed.
func splitAuthority(authority string) (host string, port int, ok bool) {
	rest := ""
	if inner, bracketed := strings.CutPrefix(authority, "["); bracketed {
		if host, rest, ok = strings.Cut(inner, "]"); !ok || !isIPv6(host) {
			return "", 0, false
		}
	} else {
		if host, _, _ = strings.Cut(authority, ":"); !isHostname(host) {
			return "", 0, false
		}
		rest = authority[len(host):]
	}
	if rest == "" || rest == ":" { // RFC 3986 §3.2.3: an empty port is the default one
		return host, 0, true
	}
	n, err := strconv.ParseUint(rest[1:], 10, 16)
	return host, int(n), rest[0] == ':' && err == nil && n > 0
}

// isHostname reports whether s can be a name in the DNS, or an IPv4 address.
func isHostname(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := text.LowerByte(s[i]); (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return s != ""
}

// isIPv6 reports whether s has only what an IPv6 address is made of.
func isIPv6(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := text.LowerByte(s[i]); (c < 'a' || c > 'f') && (c < '0' || c > '9') && c != ':' && c != '.' {
			return false
		}
	}
	return strings.Contains(s, ":")
}

// unescape decodes %XX; ok is false for a % that begins none, and for what is not allowed in the userinfo of a URL.
func unescape(s string) (decoded string, ok bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c <= ' ' || c >= 0x7f || c == '@' || c == '\\' || c == '[' || c == ']':
			return "", false
		case c == '%':
			if len(s)-i < 3 {
				return "", false
			}
			high, low := text.HexDigit(s[i+1]), text.HexDigit(s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c, i = byte(high<<4|low), i+2
		}
		b = append(b, c)
	}
	return string(b), true
}

func errURL(what string) error { return port.NewError(codeURL, "invalid URL: "+what) }
