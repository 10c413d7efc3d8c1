package main

import (
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// pseudonym is what the proxy calls itself in Via.
const pseudonym = "porthole"

// requestFields are the fields that the server gets.
func requestFields(req *http.ServerRequest) http.Headers {
	fields := endToEnd(req.RawHeaders())
	asked := fields.Get("host")
	if fields.Has("content-length") {
		fields.Del("trailer") // a body of known length has none
	}
	if authority, _ := absolute(req.URL()); authority != "" {
		asked = authority // RFC 9112 §3.2.2: it replaces Host
	}
	if authority != "" {
		fields.Set("Host", authority)
	} else {
		fields.Set("Host", asked)
	}
	appendTo(&fields, "Via", req.HTTPVersion()+" "+pseudonym)
	if address := req.Connection().RemoteAddress(); address != "" { // a Unix socket has none
		appendTo(&fields, "X-Forwarded-For", address)
	}
	fields.Set("X-Forwarded-Host", asked)
	fields.Set("X-Forwarded-Proto", "http")
	return fields
}

// responseFields are the fields that the client gets.
func responseFields(answer *http.ClientResponse) http.Headers {
	fields := endToEnd(answer.RawHeaders())
	appendTo(&fields, "Via", answer.HTTPVersion()+" "+pseudonym)
	return fields
}

// endToEnd takes the fields out that are about the connection they came on: RFC 9110 §7.6.1.
func endToEnd(fields http.Headers) http.Headers {
	for option := range strings.SplitSeq(fields.Get("connection"), ",") {
		fields.Del(strings.Trim(option, " \t"))
	}
	for _, hop := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "TE", "Transfer-Encoding", "Upgrade"} {
		fields.Del(hop)
	}
	return fields
}

// appendTo adds a member to a list that may have some.
func appendTo(fields *http.Headers, name, member string) {
	if list := fields.Get(name); list != "" {
		member = list + ", " + member
	}
	fields.Set(name, member)
}

// originForm is a target without scheme and authority: RFC 9112 §3.2.1.
func originForm(target string) string {
	_, path := absolute(target)
	return path
}

// absolute takes a target in absolute form apart (RFC 9112 §3.2.2). One in another form is all path.
func absolute(target string) (authority, path string) {
	scheme, rest, found := strings.Cut(target, "://")
	if !found || strings.ContainsAny(scheme, "/?") {
		return "", target
	}
	switch end := strings.IndexAny(rest, "/?"); {
	case end < 0:
		return rest, "/"
	case rest[end] == '?':
		return rest[:end], "/" + rest[end:]
	default:
		return rest[:end], rest[end:]
	}
}
