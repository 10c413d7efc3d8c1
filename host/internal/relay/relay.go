// Package relay makes a server that takes connections a handler of net/http: each request goes over a connection within the
// process, and its answer comes back.
//
//	net/http server ─► ServeHTTP ─► link.send ═ pipe ═► the other server
//	                ◄─            ◄─ receive  ═      ◄═
//
// A link serves one client: requests of another, by its address or by what TLS has told, get another one. So what a handler
// knows of a connection is true of the client's.
package relay

import (
	"context"
	"net"
	nethttp "net/http"
	"sync"
	"time"
)

// Relay is a handler of net/http. It is safe for concurrent use.
type Relay struct {
	// Attach gives a connection to the other server, whose it is then. If that is closed, it closes the connection and returns an
	// error; the client gets 503.
	Attach func(net.Conn) error

	mu     sync.Mutex
	idle   map[client][]*link
	count  int // of all idle ones
	closed bool
}

const (
	// maxIdle is how many links may be idle.
	maxIdle = 1024
	// idleTimeout is how long a link may be idle: the client may have gone.
	idleTimeout = 5 * time.Second
)

// ServeHTTP passes a request on and answers as the other server does. It panics with nethttp.ErrAbortHandler where that cuts the
// connection, so that the client can tell.
func (r *Relay) ServeHTTP(w nethttp.ResponseWriter, request *nethttp.Request) {
	l, err := r.take(request)
	if err != nil {
		nethttp.Error(w, nethttp.StatusText(nethttp.StatusServiceUnavailable), nethttp.StatusServiceUnavailable)
		return
	}
	x := &exchange{link: l, w: w, control: nethttp.NewResponseController(w), request: request}
	whole := false
	defer func() {
		if whole {
			r.put(l)
		} else {
			l.cut()
		}
	}()
	x.stop = context.AfterFunc(request.Context(), l.cut) // the client has gone
	defer x.stop()
	whole = x.serve()
}

// take returns a link for the client of a request, which may be idle.
func (r *Relay) take(request *nethttp.Request) (*link, error) {
	c := clientOf(request)
	r.mu.Lock()
	for links := r.idle[c]; len(links) > 0; links = r.idle[c] {
		l := links[len(links)-1]
		r.remove(l)
		if l.conn.Alive() { // unless the other server has closed it
			r.mu.Unlock()
			return l, nil
		}
		l.cut()
	}
	r.mu.Unlock()
	return r.connect(request, c)
}

// put keeps a link for the client's next request.
func (r *Relay) put(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.count == maxIdle || !l.client.known() || !l.conn.Alive() || l.reader.Buffered() > 0 {
		_ = l.conn.Close()
		return
	}
	if r.idle == nil {
		r.idle = make(map[client][]*link)
	}
	r.idle[l.client] = append(r.idle[l.client], l)
	r.count++
	l.expiry = time.AfterFunc(idleTimeout, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.remove(l) {
			_ = l.conn.Close()
		}
	})
}

// remove takes a link out of the idle ones. It returns false if it is none. r.mu is held.
func (r *Relay) remove(l *link) bool {
	links := r.idle[l.client]
	for i := range links {
		if links[i] != l {
			continue
		}
		l.expiry.Stop()
		r.count--
		if links = append(links[:i], links[i+1:]...); len(links) == 0 {
			delete(r.idle, l.client)
		} else {
			r.idle[l.client] = links
		}
		return true
	}
	return false
}

// Close closes idle links. Requests that are under way go on.
func (r *Relay) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, links := range r.idle {
		for _, l := range links {
			l.expiry.Stop()
			_ = l.conn.Close()
		}
	}
	r.idle, r.count = nil, 0
}
