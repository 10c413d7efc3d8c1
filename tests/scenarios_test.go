package tests

import (
	"strings"
	"time"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// RFC 9112 §9.3.
var persistence = []scenario{
	{name: "1.1 persists", send: get("/hello"), want: []want{
		{status: 200, framing: raw.Length, body: "hello\n", fields: map[string]string{
			"Content-Type": "text/plain", "Content-Length": "6", "Keep-Alive": "timeout=60"}}}},
	{name: "1.1 close", send: get("/hello", "Connection: close"), want: []want{
		{status: 200, framing: raw.Length, body: "hello\n", fields: map[string]string{"Keep-Alive": ""}}}, closes: true},
	{name: "close in a list", send: get("/hello", "Connection: x, CLOSE ,y"), want: []want{ok("hello\n")}, closes: true},
	{name: "close on another line", send: get("/hello", "Connection: keep-alive", "Connection: close"), want: []want{ok("hello\n")}, closes: true},
	{name: "close beats keep-alive", send: get("/hello", "Connection: close, keep-alive"), want: []want{ok("hello\n")}, closes: true},
	{name: "close as a part of a word", send: get("/hello", "Connection: closed"), want: []want{ok("hello\n")}},
	{name: "Proxy-Connection means nothing", send: get("/hello", "Proxy-Connection: close"), want: []want{ok("hello\n")}},
	{name: "1.0 closes", send: old(get("/hello")), want: []want{ok("hello\n")}, closes: true},
	{name: "1.0 without Host", send: "GET /hello HTTP/1.0\r\n\r\n", want: []want{ok("hello\n")}, closes: true},
	{name: "1.0 keep-alive", send: old(get("/hello", "Connection: Keep-Alive")), want: []want{ok("hello\n")}},
	{name: "1.0 keep-alive, size unknown", send: old(get("/chunks?n=2", "Connection: keep-alive")),
		want: []want{until("piece 0\npiece 1\n")}, closes: true},
	{name: "the handler closes", send: get("/close"), want: []want{ok("bye")}, closes: true},
	{name: "the last of its requests", options: with(func(c *host.ServerConfig) { c.MaxRequests = 2 }),
		send: get("/hello") + get("/hello"), want: []want{
			{status: 200, framing: raw.Length, body: "hello\n", fields: map[string]string{"Keep-Alive": "timeout=60, max=2"}},
			ok("hello\n")}, closes: true},
	{name: "empty lines before a request", send: "\r\n\r\n" + get("/hello"), want: []want{ok("hello\n")}},
	{name: "destroyed by the handler", send: get("/destroy"), closes: true},
	{name: "destroyed in a response", send: get("/destroy?late=1"), closes: true,
		want: []want{{status: 200, framing: raw.Chunked, body: "half", cut: true, connection: "keep-alive"}}},
}

// RFC 9112 §6.3, RFC 9110 §15.
var framing = []scenario{
	{name: "declared length", send: get("/length?declare=10"), want: []want{ok("xxxxxxxxxx")}},
	{name: "chunked by default", send: get("/chunks?n=3"), want: []want{chunked("piece 0\npiece 1\npiece 2\n")}},
	{name: "empty", send: get("/chunks?n=0"), want: []want{ok("")}},
	{name: "too short", send: get("/length?declare=10&send=4"), closes: true,
		want: []want{{status: 200, framing: raw.Length, body: "xxxx", cut: true, connection: "keep-alive"}}},
	{name: "too long", send: get("/length?declare=4&send=10"), closes: true,
		want: []want{{status: 200, framing: raw.Length, body: "xxxx", connection: "keep-alive"}}},
	{name: "trailers", send: get("/trailers"), want: []want{{status: 200, framing: raw.Chunked, body: "end",
		fields: map[string]string{"Trailer": "X-Sum"}, trailers: map[string]string{"X-Sum": "42"}}}},
	{name: "trailers after a write", send: get("/trailers?write=1"), want: []want{{status: 200, framing: raw.Chunked, body: "begin end",
		trailers: map[string]string{"X-Sum": "42"}}}},
	{name: "no trailers to 1.0", send: old(get("/trailers")), want: []want{ok("end")}, closes: true},
	{name: "one large piece", send: get("/download?size=5000000&piece=5000000"), want: []want{chunked(strings.Repeat("0123456789abcdef", 5000000/16))}},
	{name: "one large piece of declared length", send: get("/download?size=5000000&piece=5000000&length=1"),
		want: []want{ok(strings.Repeat("0123456789abcdef", 5000000/16))}},
	{name: "one large piece to 1.0", send: old(get("/download?size=5000000&piece=5000000")), closes: true,
		want: []want{until(strings.Repeat("0123456789abcdef", 5000000/16))}},
	{name: "HEAD", send: message("HEAD", "/hello", ""), want: []want{{status: 200, framing: raw.None, method: "HEAD",
		fields: map[string]string{"Content-Length": "6", "Transfer-Encoding": ""}}}},
	{name: "HEAD, size unknown", send: message("HEAD", "/chunks?n=3", ""), want: []want{{status: 200, framing: raw.None, method: "HEAD",
		fields: map[string]string{"Content-Length": ""}}}},
	{name: "HEAD, declared length", send: message("HEAD", "/length?declare=10", ""), want: []want{{status: 200, framing: raw.None,
		method: "HEAD", fields: map[string]string{"Content-Length": "10", "Transfer-Encoding": ""}}}},
	{name: "HEAD of 1.0 with keep-alive", send: old(message("HEAD", "/hello", "", "Connection: keep-alive")),
		want: []want{{status: 200, framing: raw.None, method: "HEAD"}}},
	{name: "204", send: get("/status?code=204"), want: []want{{status: 204, framing: raw.None,
		fields: map[string]string{"Content-Length": "", "Transfer-Encoding": ""}}}},
	{name: "204 after a write", send: get("/status?code=204&write=1"), want: []want{{status: 204, framing: raw.None,
		fields: map[string]string{"Content-Length": "", "Transfer-Encoding": ""}}}},
	{name: "304", send: get("/status?code=304"), want: []want{{status: 304, framing: raw.None,
		fields: map[string]string{"Transfer-Encoding": ""}}}},
	{name: "204 and chunked", send: get("/status?code=204&te=1"), closes: true, want: []want{{status: 204, framing: raw.None,
		fields: map[string]string{"Transfer-Encoding": ""}}}},
	{name: "chunked on demand", send: get("/status?code=200&te=1"), want: []want{chunked("body")}},
	{name: "chunked on demand to 1.0", send: old(get("/status?code=200&te=1&write=1")), want: []want{until("body")}, closes: true},
	{name: "404", send: get("/status?code=404"), want: []want{{status: 404, framing: raw.Length, body: "body"}}},
	{name: "999", send: get("/status?code=999"), want: []want{{status: 999, framing: raw.Length, body: "body"}}},
	{name: "interim responses", send: get("/inform"), want: []want{
		{status: 102, framing: raw.None, fields: map[string]string{"Content-Length": ""}},
		{status: 103, framing: raw.None, fields: map[string]string{"Link": "</style.css>; rel=preload"}},
		ok("final")}},
	{name: "no interim responses to 1.0", send: old(get("/inform")), want: []want{ok("final")}, closes: true},
}

// dumped is the answer of /dump.
func dumped(method, url, version, headers, trailers, body string) want {
	return ok(`{"method":"` + method + `","url":"` + url + `","version":"` + version + `","headers":[` + headers +
		`],"trailers":[` + trailers + `],"body":"` + body + "\"}\n")
}

var bodies = []scenario{
	{name: "the head in full", send: "PUT /dump?a=%20b HTTP/1.1\r\nhOsT: test\r\nX-A:  1 \t\r\nx-a: 2\r\nX-Empty:\r\nX-Latin: \xe9\r\nContent-Length: 0\r\n\r\n",
		want: []want{dumped("PUT", "/dump?a=%20b", "1.1", `["host","test"],["x-a","1"],["x-a","2"],["x-empty",""],["x-latin","\u00e9"],["content-length","0"]`, "", "")}},
	{name: "Content-Length", send: post("/dump", "a body"), want: []want{
		dumped("POST", "/dump", "1.1", `["host","test"],["content-length","6"]`, "", "a body")}},
	{name: "chunked", send: chunkedPost("/dump", "1\r\na\r\n5\r\n body\r\n0\r\n\r\n"), want: []want{
		dumped("POST", "/dump", "1.1", `["host","test"],["transfer-encoding","chunked"]`, "", "a body")}},
	{name: "chunk extensions", send: chunkedPost("/dump", "1 ; x\r\na\r\n05;y=\"\\\"\";z=1\r\n body\r\n000;q\r\n\r\n"), want: []want{
		dumped("POST", "/dump", "1.1", `["host","test"],["transfer-encoding","chunked"]`, "", "a body")}},
	{name: "trailers", send: chunkedPost("/dump", "1\r\na\r\n0\r\nX-Sum: 1\r\nx-sum:\t2 \r\n\r\n"), want: []want{
		dumped("POST", "/dump", "1.1", `["host","test"],["transfer-encoding","chunked"]`, `["x-sum","1"],["x-sum","2"]`, "a")}},
	{name: "GET with a body", send: message("GET", "/dump", "abc", "Content-Length: 3"), want: []want{
		dumped("GET", "/dump", "1.1", `["host","test"],["content-length","3"]`, "", "abc")}},
	{name: "1.0", send: old(post("/dump", "abc")), closes: true, want: []want{
		dumped("POST", "/dump", "1.0", `["host","test"],["content-length","3"]`, "", "abc")}},
	{name: "absolute-form", send: "GET http://other:80/dump HTTP/1.1\r\nHost: test\r\n\r\n", want: []want{
		dumped("GET", "http://other:80/dump", "1.1", `["host","other:80"]`, "", "")}},
	{name: "echo", send: post("/echo", "some body"), want: []want{chunked("some body")}},
	{name: "echo of chunks", send: chunkedPost("/echo", "4\r\nsome\r\n5\r\n body\r\n0\r\n\r\n"), want: []want{chunked("some body")}},
	{name: "echo of nothing", send: post("/echo", ""), want: []want{ok("")}},
	{name: "echo to 1.0", send: old(post("/echo", "some body")), want: []want{until("some body")}, closes: true},
	{name: "early answer", send: post("/early", "a body that nobody reads"), want: []want{ok("early")}},
	{name: "early answer, chunked", send: chunkedPost("/early", "5\r\nabcde\r\n0\r\n\r\n"), want: []want{ok("early")}},
	{name: "every method", send: message("M-SEARCH", "/probe", "") + message("PROPFIND", "/probe", "") + message("DELETE", "/probe", "") +
		message("OPTIONS", "/probe", "") + message("PATCH", "/probe", "") + message("PURGE", "/probe", ""),
		want: []want{ok("probe"), ok("probe"), ok("probe"), ok("probe"), ok("probe"), ok("probe")}},
	{name: "OPTIONS *", send: message("OPTIONS", "*", ""), want: []want{dumped("OPTIONS", "*", "1.1", `["host","test"]`, "", "")}},
}

// RFC 9112 §9.3.2.
var pipelining = []scenario{
	{name: "in order", send: get("/hello") + get("/chunks?n=1") + post("/echo", "x") + get("/status?code=204") + message("HEAD", "/hello", "") + get("/probe"),
		want: []want{ok("hello\n"), chunked("piece 0\n"), chunked("x"), {status: 204, framing: raw.None},
			{status: 200, framing: raw.None, method: "HEAD"}, ok("probe")}},
	{name: "answered out of order", send: get("/hold?key={key}") + get("/release?key={key}"), want: []want{ok("held"), ok("released")}},
	{name: "the newest first", send: strings.Repeat(get("/hold?key={key}"), 5) + get("/release?key={key}"),
		want: []want{ok("held"), ok("held"), ok("held"), ok("held"), ok("held"), ok("released")}},
	{name: "slow first", send: get("/hold?key={key}") + get("/hello") + get("/chunks") + get("/release?key={key}"),
		want: []want{ok("held"), ok("hello\n"), chunked("piece 0\npiece 1\npiece 2\n"), ok("released")}},
	{name: "behind close", send: get("/hello", "Connection: close") + get("/hello"), want: []want{ok("hello\n")}, closes: true},
	{name: "behind close by the handler", send: get("/close") + get("/hello"), want: []want{ok("bye")}, closes: true},
	{name: "an error waits for its turn", send: get("/hold?key={key}") + get("/release?key={key}") + "bad\r\n\r\n",
		want: []want{ok("held"), ok("released"), refused(400)}, closes: true},
	{name: "more than may be unanswered", options: with(func(c *host.ServerConfig) { c.MaxPipelined = 2 }),
		send: strings.Repeat(get("/probe"), 9), want: []want{ok("probe"), ok("probe"), ok("probe"), ok("probe"), ok("probe"),
			ok("probe"), ok("probe"), ok("probe"), ok("probe")}},
	{name: "a body's end is a beginning", send: post("/dump", "GET /1 HTTP/1.1\r\n\r\n") + chunkedPost("/probe", "3\r\nGET\r\n0\r\n\r\n"),
		want: []want{dumped("POST", "/dump", "1.1", `["host","test"],["content-length","19"]`, "", `GET /1 HTTP/1.1\u000d\u000a\u000d\u000a`), ok("probe")}},
}

// RFC 9110 §10.1.1.
var expectations = []scenario{
	{name: "100-continue", send: post("/echo", "abc", "Content-Length: 3", "Expect: 100-Continue"), want: []want{proceed, chunked("abc")}},
	{name: "without a body", send: get("/hello", "Expect: 100-continue"), want: []want{ok("hello\n")}},
	{name: "in 1.0", send: old(post("/echo", "abc", "Content-Length: 3", "Expect: 100-continue")), want: []want{until("abc")}, closes: true},
	{name: "something else", send: get("/hello", "Expect: a-pony"), want: []want{refused(417)}, closes: true},
	{name: "pipelined", send: get("/hold?key={key}") + post("/early", "abc", "Content-Length: 3", "Expect: 100-continue") + get("/release?key={key}"),
		want: []want{ok("held"), proceed, ok("early"), ok("released")}},
	{name: "the handler agrees", options: subject.Options{CheckContinue: true},
		send: post("/echo", "abc", "Content-Length: 3", "Expect: 100-continue"), want: []want{proceed, chunked("abc")}},
	{name: "the handler refuses", options: subject.Options{CheckContinue: true},
		send: post("/refuse", "abc", "Content-Length: 3", "Expect: 100-continue"), closes: true,
		want: []want{{status: 403, framing: raw.Length, body: "no"}}},
	{name: "nothing to agree to", options: subject.Options{CheckContinue: true}, send: post("/echo", "abc"), want: []want{chunked("abc")}},
}

// Nobody listens to 'upgrade' and 'connect': the document has the connection closed without an answer.
var upgrades = []scenario{
	{name: "without a listener", send: get("/hello", "Connection: Upgrade", "Upgrade: websocket"), closes: true},
	{name: "behind a request", send: get("/hello") + get("/hello", "Connection: Upgrade", "Upgrade: websocket"),
		want: []want{{status: 200, framing: raw.Length, body: "hello\n", connection: "any"}}, closes: true},
	{name: "ignored on demand", options: with(func(c *host.ServerConfig) { c.IgnoreUpgrade = true }),
		send: get("/hello", "Connection: Upgrade", "Upgrade: websocket"), want: []want{ok("hello\n")}},
	{name: "without Connection", send: get("/hello", "Upgrade: websocket"), want: []want{ok("hello\n")}},
	{name: "in 1.0", send: old(get("/hello", "Connection: Upgrade", "Upgrade: websocket")), want: []want{ok("hello\n")}, closes: true},
	{name: "CONNECT", send: "CONNECT test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n", closes: true},
}

// RFC 9112 §9.6: who has sent all that he wants may still read.
var halfClose = []scenario{
	{name: "at once", end: true, closes: true},
	{name: "after a request", send: get("/hello"), end: true, closes: true,
		want: []want{{status: 200, framing: raw.Length, body: "hello\n", connection: "any"}}},
	{name: "after pipelined requests", send: get("/hold?key={key}") + post("/early", "abc") + get("/release?key={key}"), end: true, closes: true,
		want: []want{ok("held"), ok("early"), {status: 200, framing: raw.Length, body: "released", connection: "any"}}},
	{name: "in a request line", send: "GET /he", end: true, want: []want{refused(400)}, closes: true},
	{name: "in a head", send: "GET /hello HTTP/1.1\r\nHost: test\r\n", end: true, want: []want{refused(400)}, closes: true},
	{name: "in a body", send: post("/dump", "abc", "Content-Length: 4"), end: true, want: []want{refused(400)}, closes: true},
	{name: "in a chunk", send: chunkedPost("/dump", "4\r\nabc"), end: true, want: []want{refused(400)}, closes: true},
	{name: "in trailers", send: chunkedPost("/dump", "0\r\nA: b\r\n"), end: true, want: []want{refused(400)}, closes: true},
	{name: "in an early answer's body", send: post("/early", "abc", "Content-Length: 4"), end: true, closes: true,
		want: []want{{status: 200, framing: raw.Length, body: "early", connection: "any"}}},
}

const kib = 1 << 10

// sized is a GET of exactly n bytes.
func sized(n int) string {
	const before, after = "GET /probe HTTP/1.1\r\nHost: test\r\nX: ", "\r\n\r\n"
	return before + strings.Repeat("x", n-len(before)-len(after)) + after
}

var limits = []scenario{
	{name: "largest head", options: with(func(c *host.ServerConfig) { c.MaxHeaderBytes = 200 }), send: sized(200), want: []want{ok("probe")}},
	{name: "larger head", options: with(func(c *host.ServerConfig) { c.MaxHeaderBytes = 200 }), send: sized(201), want: []want{refused(431)}, closes: true},
	{name: "default", send: sized(16 * kib), want: []want{ok("probe")}},
	{name: "over the default", send: sized(16*kib + 1), want: []want{refused(431)}, closes: true},
	{name: "a head of a MiB", options: with(func(c *host.ServerConfig) { c.MaxHeaderBytes = mib }), whole: true, send: sized(mib), want: []want{ok("probe")}},
	{name: "a MiB of field lines", options: with(func(c *host.ServerConfig) { c.MaxHeaderBytes, c.MaxHeadersCount = mib, -1 }), whole: true,
		send: get("/probe", strings.Repeat("a:\r\n", mib/4-20)+"b:"), want: []want{ok("probe")}},
	{name: "target", send: get("/" + strings.Repeat("x", 16*kib)), want: []want{refused(414)}, closes: true},
	{name: "trailers", options: with(func(c *host.ServerConfig) { c.MaxHeaderBytes = 200 }),
		send: chunkedPost("/dump", "0\r\nA: "+strings.Repeat("x", 200)+"\r\n\r\n"), want: []want{refused(431)}, closes: true},
	{name: "field lines", options: with(func(c *host.ServerConfig) { c.MaxHeadersCount = 2 }), send: get("/dump", "A: 1", "B: 2", "C: 3"),
		want: []want{dumped("GET", "/dump", "1.1", `["host","test"],["a","1"]`, "", "")}},
	{name: "a field that is not kept frames", options: with(func(c *host.ServerConfig) { c.MaxHeadersCount = 1 }), send: post("/dump", "abc"),
		want: []want{dumped("POST", "/dump", "1.1", `["host","test"]`, "", "abc")}},
	{name: "chunk extensions", options: with(func(c *host.ServerConfig) { c.MaxChunkExtensions = 9 }),
		send: chunkedPost("/dump", "1;a=b\r\nx\r\n1;cd=ef\r\nx\r\n0\r\n\r\n"), want: []want{refused(413)}, closes: true},
	{name: "as many chunk extensions", options: with(func(c *host.ServerConfig) { c.MaxChunkExtensions = 10 }),
		send: chunkedPost("/probe", "1;a=b\r\nx\r\n1;cd=ef\r\nx\r\n0\r\n\r\n"), want: []want{ok("probe")}},
}

// The waiting itself is under test here; the client waits for the server, not for the time. However slow it is, the outcome is
// the same.
var timeouts = []scenario{
	{name: "nothing comes", options: with(headersSoon), open: true, want: []want{refused(408)}, closes: true},
	{name: "head", options: with(headersSoon), send: "GET /hello HTTP/1.1\r\nHo", open: true, want: []want{refused(408)}, closes: true},
	{name: "head of the second request", options: with(headersSoon), send: get("/hello") + "GET /hello HTTP/1.1\r\n", open: true, whole: true,
		want: []want{ok("hello\n"), refused(408)}, closes: true},
	{name: "whole request", options: with(func(c *host.ServerConfig) { c.HeadersTimeout, c.RequestTimeout = soon, soon }),
		send: post("/dump", "abc", "Content-Length: 4"), open: true, want: []want{refused(408)}, closes: true},
	{name: "body", options: with(func(c *host.ServerConfig) { c.BodyIdleTimeout = soon }),
		send: chunkedPost("/dump", "3\r\nab"), open: true, want: []want{refused(408)}, closes: true},
	{name: "idle", options: with(func(c *host.ServerConfig) { c.KeepAliveTimeout = soon }), send: get("/hello"), open: true,
		want: []want{{status: 200, framing: raw.Length, body: "hello\n", connection: "keep-alive"}}, closes: true},
}

const soon = 500 * time.Millisecond

func headersSoon(c *host.ServerConfig) { c.HeadersTimeout = soon }

// What some need, and is off by default: see refusals.
var leniencies = []scenario{
	{name: "no Host", options: with(func(c *host.ServerConfig) { c.LenientMissingHost = true }),
		send: "GET /hello HTTP/1.1\r\n\r\n", want: []want{ok("hello\n")}},
	{name: "folded field", options: with(func(c *host.ServerConfig) { c.LenientObsFold = true }), send: get("/dump", "X: a", "\t b"),
		want: []want{dumped("GET", "/dump", "1.1", `["host","test"],["x","a    b"]`, "", "")}},
	{name: "LF", options: with(func(c *host.ServerConfig) { c.LenientBareLF = true }), send: "GET /hello HTTP/1.1\nHost: test\n\n",
		want: []want{ok("hello\n")}},
	{name: "white space before the colon", options: with(func(c *host.ServerConfig) { c.LenientHeaderNames = true }),
		send: post("/echo", "abc", "Content-Length \t: 3"), want: []want{chunked("abc")}},
	{name: "one is not another", options: with(func(c *host.ServerConfig) { c.LenientMissingHost = true }),
		send: "GET /hello HTTP/1.1\nHost: test\n\n", want: []want{refused(400)}, closes: true},
}
