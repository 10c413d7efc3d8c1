package tests

import "strings"

// refusals are messages that another party could read in another way (RFC 9112 §11.2), or that are no HTTP. Each is
// answered with an error and the connection's end; what is behind it is never taken for a request.
func refusals() []scenario {
	var all []scenario
	add := func(status int, name, send string) {
		s := scenario{name: name, send: send, closes: true}
		if status != 0 {
			s.want = []want{refused(status)}
		}
		all = append(all, s)
	}
	lines := func(status int, name string, lines ...string) {
		add(status, name, post("/dump", "", lines...))
	}
	chunks := func(name, body string) { add(400, name, chunkedPost("/dump", body)) }

	// The request line.
	add(400, "no method", " / HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "unknown method", "FETCH / HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "method in lower case", "get / HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "two spaces", "GET  / HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "two spaces before the version", "GET /  HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "tab", "GET\t/ HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "space after the version", "GET / HTTP/1.1 \r\nHost: test\r\n\r\n")
	add(400, "space in the target", "GET /a b HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "control in the target", "GET /\x01 HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "beyond ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "relative target", "GET dump HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "asterisk", "GET * HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "authority-form", "GET test:80 HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "CONNECT without a port", "CONNECT test HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "user information", "GET http://me@test/ HTTP/1.1\r\nHost: test\r\n\r\n")
	add(400, "HTTP/0.9", "GET /\r\n\r\n")
	add(400, "version in lower case", "GET / http/1.1\r\nHost: test\r\n\r\n")
	add(400, "version of one number", "GET / HTTP/1\r\nHost: test\r\n\r\n")
	add(400, "version of many digits", "GET / HTTP/1.10\r\nHost: test\r\n\r\n")
	add(505, "HTTP/1.2", "GET / HTTP/1.2\r\nHost: test\r\n\r\n")
	add(505, "HTTP/2.0", "GET / HTTP/2.0\r\nHost: test\r\n\r\n")
	add(0, "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	add(400, "TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

	// Line ends.
	add(400, "LF after the request line", "GET / HTTP/1.1\nHost: test\r\n\r\n")
	add(400, "LF after a field", "GET / HTTP/1.1\r\nHost: test\n\r\n")
	add(400, "LF for the blank line", "GET / HTTP/1.1\r\nHost: test\r\n\n")
	add(400, "CR after the request line", "GET / HTTP/1.1\rHost: test\r\n\r\n")
	add(400, "CR in a field", "GET / HTTP/1.1\r\nHost: test\r\nX: a\rb\r\n\r\n")
	add(400, "CR for the blank line", "GET / HTTP/1.1\r\nHost: test\r\n\rX")

	// Fields.
	lines(400, "no colon", "X")
	lines(400, "empty name", ": x")
	lines(400, "space before the colon", "Content-Length : 5")
	lines(400, "tab before the colon", "Transfer-Encoding\t: chunked")
	lines(400, "space in the name", "Content Length: 5")
	lines(400, "parenthesis in the name", "X(: 5")
	lines(400, "beyond ASCII in the name", "X\xe9: 5")
	lines(400, "NUL in the name", "X\x00: 5")
	lines(400, "NUL in the value", "X: a\x00b")
	lines(400, "control in the value", "X: a\x1bb")
	lines(400, "DEL in the value", "X: a\x7fb")
	lines(400, "folded", "X: a", " b")
	lines(400, "folded Transfer-Encoding", "Transfer-Encoding:", "\tchunked")
	add(400, "white space before the first field", "GET / HTTP/1.1\r\n X: y\r\nHost: test\r\n\r\n")

	// Host.
	add(400, "no Host", "GET / HTTP/1.1\r\n\r\n")
	lines(400, "two Hosts", "Host: test")
	add(400, "Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")
	add(400, "Host with user information", "GET / HTTP/1.1\r\nHost: me@test\r\n\r\n")
	add(400, "Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")
	add(400, "Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n")

	// Content-Length.
	lines(400, "two lengths, equal", "Content-Length: 0", "Content-Length: 0")
	lines(400, "two lengths, different", "Content-Length: 0", "Content-Length: 43")
	lines(400, "length list", "Content-Length: 0, 0")
	lines(400, "empty length", "Content-Length:")
	lines(400, "signed length", "Content-Length: +0")
	lines(400, "negative length", "Content-Length: -1")
	lines(400, "hexadecimal length", "Content-Length: 0x0")
	lines(400, "length with a space", "Content-Length: 0 0")
	lines(400, "length with a fraction", "Content-Length: 0.0")
	lines(400, "length too large", "Content-Length: 9223372036854775808")
	lines(400, "length far too large", "Content-Length: "+strings.Repeat("9", 100))

	// Transfer-Encoding.
	lines(400, "length, then chunked", "Content-Length: 5", "Transfer-Encoding: chunked")
	lines(400, "chunked, then length", "Transfer-Encoding: chunked", "Content-Length: 5")
	lines(400, "unknown coding", "Transfer-Encoding: xchunked")
	lines(400, "identity", "Transfer-Encoding: identity")
	lines(400, "chunked is not last", "Transfer-Encoding: chunked, gzip")
	lines(400, "chunked twice", "Transfer-Encoding: chunked, chunked")
	lines(400, "chunked twice, on two lines", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
	lines(400, "another coding on a second line", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")
	lines(400, "parameter of chunked", "Transfer-Encoding: chunked;q=1")
	lines(400, "quoted", `Transfer-Encoding: "chunked"`)
	lines(400, "empty coding", "Transfer-Encoding:")
	lines(400, "vertical tab", "Transfer-Encoding: \x0bchunked")
	lines(501, "gzip, chunked", "Transfer-Encoding: gzip, chunked")
	lines(501, "gzip and chunked on two lines", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked")
	add(400, "chunked in 1.0", old(chunkedPost("/dump", "0\r\n\r\n")))

	// Chunks.
	chunks("no size", "\r\na\r\n0\r\n\r\n")
	chunks("size with 0x", "0x1\r\na\r\n0\r\n\r\n")
	chunks("signed size", "+1\r\na\r\n0\r\n\r\n")
	chunks("negative size", "-1\r\na\r\n0\r\n\r\n")
	chunks("space before the size", " 1\r\na\r\n0\r\n\r\n")
	chunks("space behind the size", "1 \r\na\r\n0\r\n\r\n")
	chunks("letter in the size", "1g\r\na\r\n0\r\n\r\n")
	chunks("size of 17 digits", "00000000000000001\r\na\r\n0\r\n\r\n")
	chunks("size too large", "8000000000000000\r\na\r\n0\r\n\r\n")
	chunks("size that wraps around", "10000000000000001\r\na\r\n0\r\n\r\n")
	chunks("LF behind the size", "1\na\r\n0\r\n\r\n")
	chunks("CR behind the size", "1\ra\r\n0\r\n\r\n")
	chunks("LF behind the data", "1\r\na\n0\r\n\r\n")
	chunks("more data than its size", "1\r\nab\r\n0\r\n\r\n")
	chunks("LF in an extension", "1;a\nb\r\na\r\n0\r\n\r\n")
	chunks("CR in an extension", "1;a\rb\r\na\r\n0\r\n\r\n")
	chunks("extension without a name", "1;=b\r\na\r\n0\r\n\r\n")
	chunks("LF behind the last chunk", "0\n\r\n")
	chunks("LF for the last line", "0\r\n\n")
	chunks("Content-Length as a trailer", "0\r\nContent-Length: 5\r\n\r\n")
	chunks("Transfer-Encoding as a trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunks("Host as a trailer", "0\r\nHost: other\r\n\r\n")
	chunks("folded trailer", "0\r\nA: b\r\n c\r\n\r\n")
	chunks("trailer with LF", "0\r\nA: b\n\r\n")
	return all
}
