package relay

import (
	"errors"
	"io"
	nethttp "net/http"
	"sync"
)

// buffers are for bodies.
var buffers = sync.Pool{New: func() any { p := make([]byte, 32<<10); return &p }}

// ofTheHop are fields that are about the link, not the client's connection (RFC 9110 §7.6.1).
var ofTheHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding"}

// receive returns the head of the final response, or of an upgrade, after passing on what comes before.
func (x *exchange) receive(waits bool) *nethttp.Response {
	for {
		response, err := nethttp.ReadResponse(x.reader, x.request)
		if err != nil {
			x.abort() // it was cut without an answer
		}
		code := response.StatusCode
		switch {
		case code == nethttp.StatusContinue:
			if waits { // net/http tells the client so when the body is read
				close(x.proceed)
				waits = false
			}
		case code == nethttp.StatusSwitchingProtocols || code >= 200:
			return response
		default:
			x.inform(response)
		}
	}
}

// inform passes on a response before the final one.
func (x *exchange) inform(response *nethttp.Response) {
	fields := x.w.Header()
	before := fields.Clone()
	for name, values := range response.Header {
		fields[name] = values
	}
	x.w.WriteHeader(response.StatusCode)
	clear(fields)
	for name, values := range before {
		fields[name] = values
	}
}

// answer passes on the final response. It returns whether all of it has come, and the link stays open.
func (x *exchange) answer(response *nethttp.Response) bool {
	fields := x.w.Header()
	for name, values := range response.Header {
		fields[name] = values
	}
	for _, name := range ofTheHop {
		delete(fields, name)
	}
	if response.Close && !x.request.Close && x.request.ProtoMajor == 1 {
		fields["Connection"] = []string{"close"} // the handler wants it so
	}
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := fields[name]; !ok {
			fields[name] = nil // net/http is not to make one up
		}
	}
	announced := len(response.Trailer)
	for name := range response.Trailer {
		fields.Add("Trailer", name)
	}
	x.w.WriteHeader(response.StatusCode)
	defer func() { _ = response.Body.Close() }() // whatever is wrong with it, reading has said
	if !x.copyBody(response) {
		return false
	}
	if len(response.Trailer) > 0 && announced == 0 {
		_ = x.control.Flush() // or net/http would send a length, and no trailers
	}
	for name, values := range response.Trailer {
		if announced != len(response.Trailer) {
			name = nethttp.TrailerPrefix + name
		}
		fields[name] = values
	}
	if response.Close {
		_ = x.conn.Close()
	}
	return !response.Close
}

// copyBody passes on a body as it comes. It returns false if the client has gone.
func (x *exchange) copyBody(response *nethttp.Response) bool {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	rest := response.ContentLength // below zero: unknown
	if response.Request.Method == nethttp.MethodHead || rest == 0 {
		return true
	}
	for {
		if x.reader.Buffered() == 0 && rest != 0 {
			_ = x.control.Flush() // it may be long until more comes
		}
		n, err := response.Body.Read(*p)
		if n > 0 {
			rest -= int64(n)
			if _, err := x.w.Write((*p)[:n]); err != nil {
				return false
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			x.abort() // it was cut
		}
	}
}
