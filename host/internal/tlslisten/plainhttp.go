package tlslisten

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// isPlainHTTP reports whether a handshake failed because the client has sent a request of HTTP.
func isPlainHTTP(err error) bool {
	e, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok && e.Conn != nil && slices.Contains([]string{
		"GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO", "CONNE", "TRACE",
	}, string(e.RecordHeader[:]))
}

// The answer to such a client, which cannot read anything else.
const plainHTTPAnswer = "HTTP/1.0 400 Bad Request\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Connection: close\r\n\r\n" +
	"This port speaks HTTPS, and the request was plain HTTP.\n"

// linger is how long the rest of the request is taken in: what is unread when a connection is closed would make the
// system throw the answer away.
const linger = time.Second

// refusePlainHTTP answers on a connection that is to be closed then.
func refusePlainHTTP(ctx context.Context, c net.Conn) {
	deadline := time.Now().Add(linger)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if c.SetDeadline(deadline) != nil {
		return
	}
	if _, err := io.WriteString(c, plainHTTPAnswer); err != nil {
		return
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c) // it ends with the peer, or at the deadline
	}
}
