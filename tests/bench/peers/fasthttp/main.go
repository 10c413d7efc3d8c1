// Command fasthttp serves with package fasthttp what Porthole's handlers serve.
//
//	fasthttp -listen 127.0.0.1:8080 -serve hello|echo [-procs 1]
package main

import (
	"flag"
	"log"
	"runtime"

	"github.com/valyala/fasthttp"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	serve := flag.String("serve", "hello", "what is served")
	procs := flag.Int("procs", 0, "GOMAXPROCS; 0: as it is")
	flag.Parse()
	runtime.GOMAXPROCS(*procs)
	handlers := map[string]fasthttp.RequestHandler{"hello": hello, "echo": echo}
	handler, ok := handlers[*serve]
	if !ok {
		log.Fatalln("fasthttp: cannot serve", *serve)
	}
	log.Fatalln("fasthttp:", fasthttp.ListenAndServe(*listen, handler))
}

func hello(c *fasthttp.RequestCtx) {
	c.SetContentType("text/plain")
	c.SetBodyString("hello world\n")
}

// echo has the whole body in memory, as is fasthttp's way.
func echo(c *fasthttp.RequestCtx) {
	c.SetContentTypeBytes(c.Request.Header.ContentType())
	c.SetBody(c.Request.Body())
}
