//go:build wasip1

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/stealthrocket/net/wasip1"
)

// serve serves until somebody asks for /exit.
func serve(args []string) error {
	listener, err := wasip1.Listen(network(args[0]))
	if err != nil {
		return err
	}
	if cert := os.Getenv("CERT"); cert != "" {
		pair, err := tls.X509KeyPair([]byte(cert), []byte(os.Getenv("KEY")))
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	server := &nethttp.Server{Handler: mux(), ReadHeaderTimeout: 200 * time.Millisecond}
	ended := make(chan error, 1)
	nethttp.HandleFunc("/exit", func(nethttp.ResponseWriter, *nethttp.Request) {
		go func() { ended <- server.Shutdown(context.Background()) }()
	})
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, nethttp.ErrServerClosed) {
		return err
	}
	if err := <-ended; err != nil {
		return err
	}
	fmt.Println("finished")
	os.Exit(7)
	return nil
}

func mux() nethttp.Handler {
	m := nethttp.DefaultServeMux
	m.HandleFunc("/", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		fmt.Fprintf(w, "hello %s\n", r.RemoteAddr)
	})
	m.HandleFunc("/echo", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_ = nethttp.NewResponseController(w).EnableFullDuplex() // HTTP/1.1 can
		_, _ = io.Copy(w, r.Body)                               // the client sees it if something is missing
	})
	m.HandleFunc("/meet", new(meeting).join)
	return m
}

// meeting answers nobody before all are there.
type meeting struct {
	mu   sync.Mutex
	all  chan struct{}
	here int
}

func (m *meeting) join(w nethttp.ResponseWriter, r *nethttp.Request) {
	want, _ := strconv.Atoi(r.FormValue("n"))
	m.mu.Lock()
	if m.all == nil {
		m.all = make(chan struct{})
	}
	all := m.all
	if m.here++; m.here == want {
		close(all)
		m.all, m.here = nil, 0
	}
	m.mu.Unlock()
	<-all
	fmt.Fprintln(w, "met")
}
