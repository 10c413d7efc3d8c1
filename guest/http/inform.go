package http

import "github.com/portholehttp/porthole/guest/internal/port"

// Interim responses (RFC 9110 §15.2). They go to a client of HTTP/1.1 before the head of the final
// response; to HTTP/1.0 nothing is sent. Once the final head is out they are an error.

// WriteContinue sends 100 Continue: the client should send the request's body. See Server.OnCheckContinue.
func (r *ServerResponse) WriteContinue() {
	if err := r.inform(100, nil); err != nil {
		r.report(err)
	}
}

// WriteProcessing sends 102 Processing: the final response will take a while.
func (r *ServerResponse) WriteProcessing() {
	if err := r.inform(102, nil); err != nil {
		r.report(err)
	}
}

// WriteEarlyHints sends 103 Early Hints with these fields (RFC 8297), of which one is Link: resources
// that the client may fetch meanwhile. They are not part of the final head.
//
// Error codes: those of a field in WriteHead; ERR_INVALID_ARG_VALUE without a Link that has the form of RFC 8288;
// ERR_HTTP_HEADERS_SENT.
func (r *ServerResponse) WriteEarlyHints(headers ...Header) error {
	if err := checkHeaders(headers); err != nil {
		return err
	}
	links := Headers(headers).Values("link")
	for _, link := range links {
		if !isLink(link) {
			return port.NewError(codeArgument, "not a list of links: "+quote(link))
		}
	}
	if len(links) == 0 {
		return port.NewError(codeArgument, "early hints need a Link")
	}
	return r.inform(103, headers)
}

func (r *ServerResponse) inform(status uint16, headers []Header) error {
	if r.headSent || r.ended {
		return errHeadersSent("send an interim response")
	}
	if r.exchange.over || r.exchange.req.head().Minor == 0 {
		return nil
	}
	record := encodeResponseHead(status, 0, "", headers)
	if s := port.ResponseInform(r.exchange.handle, record); !s.OK() && !isGone(s) {
		return sendError(s)
	}
	return nil
}

// isLink reports whether s is a list of <target> with parameters (RFC 8288 §3), as far as to be sure that
// each has a target and that quotes are closed.
func isLink(s string) bool {
	for {
		s = skipSpace(s)
		if len(s) == 0 || s[0] != '<' {
			return false
		}
		end := indexByte(s, '>')
		if end < 0 {
			return false
		}
		var ok bool
		if s, ok = skipParameters(s[end+1:]); !ok {
			return false
		}
		if s == "" {
			return true
		}
		s = s[1:] // the comma
	}
}

// skipParameters returns s from the comma that ends its first link on, "" if there is none. A comma in quotes
// ends nothing.
func skipParameters(s string) (rest string, ok bool) {
	if t := skipSpace(s); t != "" && t[0] != ';' && t[0] != ',' {
		return "", false
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++
		case s[i] == ',' && !quoted:
			return s[i:], true
		}
	}
	return "", !quoted
}

func skipSpace(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func indexByte(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}
