package route

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a pattern.
type Error struct{ Pattern, Reason string }

func (e *Error) Error() string { return fmt.Sprintf("route %q: %s", e.Pattern, e.Reason) }

// pattern is one in its canonical form.
type pattern struct {
	domain bool   // host stands for what is under it
	host   string // in lower case; "" for all
	path   string
}

func (p pattern) String() string {
	if p.domain {
		return "*." + p.host + p.path
	}
	return p.host + p.path
}

// Canonical returns how a pattern is written that means the same: two patterns are equal if their canonical forms are. The error is
// an *Error.
func Canonical(text string) (string, error) {
	p, err := parse(text)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

func parse(text string) (p pattern, err error) {
	slash := strings.IndexByte(text, '/')
	if slash < 0 {
		return p, &Error{text, "want [HOST]/PATH: there is no slash"}
	}
	host := text[:slash]
	p.path = text[slash:]
	if why := invalidPath(p.path); why != "" {
		return p, &Error{text, why}
	}
	if host == "" {
		return p, nil
	}
	if strings.Contains(host, " ") {
		return p, &Error{text, "a pattern has no method"}
	}
	host, p.domain = strings.CutPrefix(host, "*.")
	if strings.HasSuffix(host, ":") && strings.HasPrefix(p.path, "//") {
		return p, &Error{text, "a pattern has no scheme"}
	}
	if host != "" && host[0] == '[' && !p.domain {
		p.host = string(canonicalHost(nil, []byte(host)))
		if p.host == "" || host[len(host)-1] != ']' {
			return p, &Error{text, "want an IPv6 address in brackets, without port and zone"}
		}
		return p, nil
	}
	if strings.Contains(host, ":") {
		return p, &Error{text, "a pattern has no port, and an IPv6 address is in brackets"}
	}
	p.host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !validHost(p.host) {
		return p, &Error{text, "want a host name (a-z, 0-9, - and _; others in their ASCII form, xn--…), *.DOMAIN, or an address"}
	}
	return p, nil
}

// inPath are the bytes that the path of a pattern may have: those of a URL's (RFC 3986 §3.3) but *.
const inPath = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()+,;=:@%/"

// invalidPath says what is wrong with a path, which begins with a slash.
func invalidPath(path string) string {
	rest := strings.TrimLeft(path, inPath)
	switch {
	case rest == "":
		return ""
	case strings.ContainsAny(rest, "*{"):
		return "a path has no wild cards: /api/ is every path below /api/"
	case rest[0] == '?' || rest[0] == '#':
		return "a path has no query"
	}
	return fmt.Sprintf("a path has no %q: it is written as in a URL, with %%", rest[:1])
}
