package main

import (
	"strconv"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// tunnel passes a request with Upgrade on. If the server agrees, the two connections become one.
func (p *proxy) tunnel(req *http.ServerRequest, client *net.Socket, head []byte) {
	fields := requestFields(req)
	fields.Add("Connection", "Upgrade")
	fields.Add("Upgrade", req.Headers().Get("upgrade"))
	upstream := p.request(req, fields, http.NoAgent)

	// What the client sends meanwhile is of the new protocol: the server gets it when it has agreed to that.
	client.Pause()
	early := append([]byte(nil), head...)

	client.OnError(func(error) {}) // 'close' follows
	client.OnClose(func(bool) { upstream.Abort() })
	answered, failed := false, false // by the server, and by the proxy
	upstream.OnUpgrade(func(answer *http.ClientResponse, server *net.Socket, first []byte) {
		answered = true
		agreed := endToEnd(answer.RawHeaders())
		agreed.Add("Connection", "Upgrade")
		agreed.Add("Upgrade", answer.Headers().Get("upgrade"))
		client.Write(rawHead(answer, agreed))
		client.Write(first)
		server.Write(early)
		join(client, server)
		client.Resume()
	})
	upstream.OnResponse(func(answer *http.ClientResponse) { // it answers in HTTP: the connection ends with that
		answered = true
		fields := responseFields(answer)
		fields.Add("Connection", "close")
		client.Write(rawHead(answer, fields))
		answer.OnClose(func(error) { client.Destroy() })
		answer.Pipe(client)
		p.dismiss(client)
	})
	fail := func(status int) {
		switch {
		case failed: // this is the error that Abort has raised
			return
		case answered:
			client.Destroy()
			return
		}
		failed = true
		client.EndString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusCodes[status] + "\r\n" +
			"Connection: close\r\n" +
			"Content-Length: 0\r\n" +
			"\r\n")
		p.dismiss(client)
	}
	upstream.OnTimeout(func() { fail(504); upstream.Abort() })
	upstream.OnError(func(err error) { fail(statusFor(err)) })
	upstream.End()
}

// dismiss lets go of a client that gets no upgrade: what it sends is discarded until it closes the connection.
func (p *proxy) dismiss(client *net.Socket) {
	client.SetTimeout(p.silence, client.Destroy)
	client.Resume()
}

// join makes two sockets one connection. Each side's end passes through by itself, and leaves the other direction as it is.
func join(client, server *net.Socket) {
	server.AllowHalfOpen = true    // the client's socket is so by itself, as it came in
	server.OnError(func(error) {}) // 'close' follows
	client.Pipe(server)
	server.Pipe(client)
	breakWith(client, server)
	breakWith(server, client)
	client.SetKeepAlive(true, time.Minute) // who is silent may be gone
	server.SetKeepAlive(true, time.Minute)
}

// breakWith has b break when a does.
func breakWith(a, b *net.Socket) {
	a.OnClose(func(broken bool) {
		if broken {
			b.Destroy()
		}
	})
}

// rawHead is the head of a response as it goes over the wire.
func rawHead(answer *http.ClientResponse, fields http.Headers) []byte {
	b := []byte("HTTP/1.1 " + strconv.Itoa(answer.StatusCode()) + " " + answer.StatusMessage() + "\r\n")
	for _, f := range fields {
		b = append(b, f.Name+": "+f.Value+"\r\n"...)
	}
	return append(b, "\r\n"...)
}
