package relay

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"
)

// ours are the fields that are written from what net/http has made of them.
var ours = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true}

// sendHead sends the head of the request as the client has sent it. It returns false if something on the way has made it one that cannot be
// sent. Whether it was taken is seen by what comes back.
func (x *exchange) sendHead() bool {
	r, w := x.request, x.writer
	x.target = target(r)
	if !plain(r.Method) || !plain(x.target) || r.Host != "" && !plain(r.Host) {
		return false
	}
	version := "1.1"
	if !r.ProtoAtLeast(1, 1) && r.ProtoMajor > 0 {
		version = "1.0"
	}
	fmt.Fprintf(w, "%s %s HTTP/%s\r\n", r.Method, x.target, version)
	if r.Host != "" || version == "1.1" {
		fmt.Fprintf(w, "Host: %s\r\n", r.Host)
	}
	_ = r.Header.WriteSubset(w, ours) // it replaces line ends in values, and leaves out what is no name
	switch {
	case x.chunked():
		_, _ = w.WriteString("Transfer-Encoding: chunked\r\n")
		if len(r.Trailer) > 0 {
			var names []string
			for name := range r.Trailer {
				names = append(names, name)
			}
			slices.Sort(names)
			fmt.Fprintf(w, "Trailer: %s\r\n", strings.Join(names, ", "))
		}
	case r.ContentLength > 0 || r.Header["Content-Length"] != nil:
		fmt.Fprintf(w, "Content-Length: %d\r\n", max(r.ContentLength, 0))
	}
	_, _ = w.WriteString("\r\n")
	_ = w.Flush()
	return true
}

// target returns what the client has asked for, unless a handler on the way has changed the URL: then that.
func target(r *nethttp.Request) string {
	now := r.URL.RequestURI()
	if r.Method == nethttp.MethodConnect && r.URL.Path == "" {
		now = r.URL.Host
	}
	if r.RequestURI == "" || r.RequestURI == now {
		return now
	}
	sent, err := url.ParseRequestURI(r.RequestURI)
	if err == nil && (*sent == *r.URL || sent.String() == r.URL.String()) || r.RequestURI == "*" && r.URL.Path == "*" {
		return r.RequestURI
	}
	if r.Method == nethttp.MethodConnect {
		return r.RequestURI // "host:port" is no URI
	}
	return now
}

// plain reports whether s can be a part of the first line, or a host: no spaces, no controls, and something.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}

func (x *exchange) hasBody() bool {
	return x.request.Body != nil && x.request.Body != nethttp.NoBody && x.request.ContentLength != 0 && x.request.Method != nethttp.MethodConnect
}

func (x *exchange) chunked() bool { return x.hasBody() && x.request.ContentLength < 0 }

// sendBody sends the body as it comes, and the trailers.
func (x *exchange) sendBody() error {
	if !x.chunked() {
		n, err := io.Copy(x.conn, x.request.Body)
		if err == nil && n < x.request.ContentLength {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			x.fail(err)
		}
		return err
	}
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	for {
		n, err := x.request.Body.Read(*p)
		if n > 0 {
			fmt.Fprintf(x.writer, "%x\r\n", n)
			_, _ = x.writer.Write((*p)[:n])
			_, _ = x.writer.WriteString("\r\n")
			if err := x.writer.Flush(); err != nil {
				return err
			}
		}
		switch err {
		case nil:
			continue
		case io.EOF:
		default:
			x.fail(err)
			return err
		}
		_, _ = x.writer.WriteString("0\r\n")
		_ = x.request.Trailer.Write(x.writer)
		_, _ = x.writer.WriteString("\r\n")
		return x.writer.Flush()
	}
}

// fail lets the other server know that the client will not send the rest, unless it has closed the link itself.
func (x *exchange) fail(error) { x.cut() }
