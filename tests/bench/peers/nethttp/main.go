// Command nethttp serves with package net/http what Porthole's handlers serve.
//
//	nethttp -listen 127.0.0.1:8080 -serve hello|echo|transfer|proxy [-upstream 127.0.0.1:8081]
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	nethttp "net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	serve := flag.String("serve", "hello", "what is served")
	upstream := flag.String("upstream", "", "address that proxy passes requests to")
	flag.Parse()
	handlers := map[string]nethttp.Handler{
		"hello":    nethttp.HandlerFunc(hello),
		"echo":     nethttp.HandlerFunc(echo),
		"transfer": nethttp.HandlerFunc(transfer),
		"proxy":    proxy(*upstream),
	}
	handler, ok := handlers[*serve]
	if !ok {
		log.Fatalln("nethttp: cannot serve", *serve)
	}
	log.Fatalln("nethttp:", nethttp.ListenAndServe(*listen, handler))
}

// That a client has left in the midst of an answer, which is all that can go wrong below, is its own affair.

func hello(w nethttp.ResponseWriter, _ *nethttp.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "hello world\n")
}

// echo streams the body back, as Porthole's example does: without a Content-Length.
func echo(w nethttp.ResponseWriter, r *nethttp.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_ = nethttp.NewResponseController(w).EnableFullDuplex()
	_, _ = io.Copy(w, r.Body)
}

func transfer(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.Method == nethttp.MethodGet {
		download(w, r)
		return
	}
	n, _ := io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/plain")
	_, _ = fmt.Fprintln(w, n)
}

var piece = make([]byte, 64<<10)

func download(w nethttp.ResponseWriter, r *nethttp.Request) {
	size, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
	if err != nil || size < 0 {
		size = 0
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	for size > 0 {
		n, err := w.Write(piece[:min(size, int64(len(piece)))])
		if err != nil {
			return
		}
		size -= int64(n)
	}
}

// proxy is the reverse proxy of the standard library with as many connections to the upstream as Porthole's example has.
func proxy(upstream string) nethttp.Handler {
	to := &url.URL{Scheme: "http", Host: upstream}
	transport := nethttp.DefaultTransport.(*nethttp.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 256, 256
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
	}
}
