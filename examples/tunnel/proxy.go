package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// idle is how long a tunnel may be silent.
const idle = 5 * time.Minute

// connect makes a tunnel to the target of a CONNECT request. The target is not parsed as a URL: it is host:port and nothing
// else (RFC 9110 §9.3.6).
func connect(req *http.ServerRequest, client *net.Socket, head []byte) {
	client.OnError(func(error) {}) // 'close' follows
	client.SetTimeout(idle, client.Destroy)
	host, port, ok := split(req.URL())
	if !ok {
		refuse(client, "400 Bad Request", "the target is not host:port")
		return
	}
	connected := false
	server := net.ConnectWith(net.ConnectOptions{Host: host, Port: port, AllowHalfOpen: true})
	server.OnConnect(func() {
		connected = true
		client.WriteString("HTTP/1.1 200 Connection Established\r\n\r\n")
		server.Pipe(client)
	})
	server.OnError(func(err error) {
		if !connected {
			refuse(client, "502 Bad Gateway", code(err))
		}
	})
	// What the client sends already is kept until the connection is there.
	server.Write(head)
	client.Pipe(server)

	// Each side's end passes through by itself, and leaves the other direction as it is. A side that breaks takes the other along.
	client.OnTimeout(server.Destroy)
	client.OnClose(func(broken bool) {
		if broken {
			server.Destroy()
		}
	})
	server.OnClose(func(broken bool) {
		if broken && connected {
			client.Destroy()
		}
	})
}

// refuse answers in the place of a tunnel.
func refuse(client *net.Socket, status, reason string) {
	client.EndString("HTTP/1.1 " + status + "\r\n" +
		"Content-Type: text/plain\r\n" +
		"Connection: close\r\n" +
		"Content-Length: " + strconv.Itoa(len(reason)+1) + "\r\n" +
		"\r\n" + reason + "\n")
}

// split takes host:port apart. The host may be an IPv6 address in brackets.
func split(target string) (host string, port int, ok bool) {
	colon := strings.LastIndexByte(target, ':')
	if colon <= 0 {
		return "", 0, false
	}
	number, err := strconv.ParseUint(target[colon+1:], 10, 16)
	if err != nil || number == 0 {
		return "", 0, false
	}
	host = target[:colon]
	if host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	} else if strings.IndexByte(host, ':') >= 0 {
		return "", 0, false
	}
	return host, int(number), host != ""
}

// code is Node's name for an error.
func code(err error) string {
	if e := new(net.Error); errors.As(err, &e) {
		return e.Code
	}
	return err.Error()
}
