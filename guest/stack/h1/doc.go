// Package h1 is the codec of HTTP/1.0 and HTTP/1.1 messages (RFC 9112), as a server needs it. It does no I/O.
package h1
