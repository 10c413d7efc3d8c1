package h1

import (
	"strconv"
	"strings"
	"testing"
)

const curlHead = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"

// browserHead has 20 fields in about 1 KB.
var browserHead = strings.Join([]string{
	"GET /articles/2024/05/a-page-with-a-long-name?utm_source=newsletter&utm_medium=email HTTP/1.1",
	"Host: www.example.com",
	"Connection: keep-alive",
	"Cache-Control: max-age=0",
	`sec-ch-ua: "Chromium";v="124", "Browser";v="124", "Not-A.Brand";v="99"`,
	"sec-ch-ua-mobile: ?0",
	`sec-ch-ua-platform: "Linux"`,
	"DNT: 1",
	"Upgrade-Insecure-Requests: 1",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"Sec-Fetch-Site: same-origin",
	"Sec-Fetch-Mode: navigate",
	"Sec-Fetch-User: ?1",
	"Sec-Fetch-Dest: document",
	"Referer: https://www.example.com/articles/2024/05/",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Accept-Language: en-GB,en;q=0.9,de;q=0.8",
	"Cookie: session=4c1f0b6e2a9d4f5c8e7a1b2c3d4e5f60; theme=dark; consent=yes; id=1234567890abcdef1234567890abcdef",
	`If-None-Match: "5f3a-17c2a6b1d40"`,
	"If-Modified-Since: Tue, 07 May 2024 09:12:44 GMT",
	"", "",
}, "\r\n")

// siteHead is what stands in front of a page that a cache has delivered, but with Content-Length 0: 20 fields in
// about 850 bytes.
var siteHead = strings.Join([]string{
	"HTTP/1.1 200 OK",
	"Date: Tue, 07 May 2024 09:12:44 GMT",
	"Content-Type: text/html; charset=utf-8",
	"Content-Length: 0",
	"Connection: keep-alive",
	"Cache-Control: public, max-age=0, must-revalidate",
	`ETag: "5f3a-17c2a6b1d40"`,
	"Last-Modified: Tue, 07 May 2024 08:59:03 GMT",
	"Vary: Accept-Encoding, Cookie",
	"Age: 17",
	"Via: 1.1 varnish, 1.1 varnish",
	"X-Served-By: cache-fra-eddf8230094-FRA, cache-ams21032-AMS",
	"X-Cache: MISS, HIT",
	"X-Cache-Hits: 0, 12",
	"X-Timer: S1715073164.512345,VS0,VE1",
	"Strict-Transport-Security: max-age=31536000; includeSubDomains; preload",
	"Content-Security-Policy: default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'",
	"X-Content-Type-Options: nosniff",
	"Referrer-Policy: strict-origin-when-cross-origin",
	"Set-Cookie: session=4c1f0b6e2a9d4f5c8e7a1b2c3d4e5f60; Path=/; Secure; HttpOnly; SameSite=Lax",
	"Accept-Ranges: bytes",
	"", "",
}, "\r\n")

// chunkedMessage has n chunks of size bytes.
func chunkedMessage(n, size int) string {
	chunk := strconv.FormatInt(int64(size), 16) + "\r\n" + strings.Repeat("x", size) + "\r\n"
	return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat(chunk, n) + "0\r\n\r\n"
}

// parseAll runs one whole message through p.
func parseAll(tb testing.TB, p *Parser, message []byte) {
	for {
		step, n := p.Next(message)
		message = message[n:]
		switch step {
		case MessageDone:
			return
		case NeedMore, Failed:
			tb.Fatal(step, p.Err)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	trailers := strings.TrimSuffix(chunkedMessage(3, 5), "\r\n") + "A: b\r\nC: d\r\n\r\n"
	for _, message := range []string{curlHead, browserHead, trailers} {
		b := []byte(message)
		if n := testing.AllocsPerRun(100, func() { parseAll(t, &p, b) }); n != 0 {
			t.Errorf("%v allocations for %.20q", n, message)
		}
	}
	p.InitResponse(Limits{})
	for _, message := range []string{smallResponse + "x", siteHead} {
		b := []byte(message)
		if n := testing.AllocsPerRun(100, func() { parseAll(t, &p, b) }); n != 0 {
			t.Errorf("%v allocations for %.20q", n, message)
		}
	}
	b := []byte(curlHead)
	if n := testing.AllocsPerRun(100, func() {
		p.InitRequest(Limits{})
		parseAll(t, &p, b)
	}); n != 0 {
		t.Errorf("%v allocations with Init", n)
	}
}

func benchmark(b *testing.B, message string) {
	var p Parser
	if strings.HasPrefix(message, "HTTP/") {
		p.InitResponse(Limits{})
	} else {
		p.InitRequest(Limits{})
	}
	buf := []byte(message)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		parseAll(b, &p, buf)
	}
}

func BenchmarkHead(b *testing.B) {
	b.Run("curl", func(b *testing.B) { benchmark(b, curlHead) })
	b.Run("browser", func(b *testing.B) { benchmark(b, browserHead) })
}

func BenchmarkResponse(b *testing.B) {
	b.Run("small", func(b *testing.B) { benchmark(b, smallResponse+"x") })
	b.Run("site", func(b *testing.B) { benchmark(b, siteHead) })
}

func BenchmarkChunked(b *testing.B) {
	b.Run("100x16", func(b *testing.B) { benchmark(b, chunkedMessage(100, 16)) })
	b.Run("4x16K", func(b *testing.B) { benchmark(b, chunkedMessage(4, 16<<10)) })
}
