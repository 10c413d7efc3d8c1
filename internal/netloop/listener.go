package netloop

import (
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	acceptBacklog  = 64 // connections that are accepted and not announced; more wait in the kernel's queue
	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = time.Second
)

// listener is a handle that connections come from.
type listener struct {
	handle  Handle
	ln      net.Listener  // nil: somebody else accepts
	closed  chan struct{} // closed with the handle
	backlog chan struct{} // a token for each connection in the inbox
}

// AddListener has connections accepted from ln, in a goroutine of its own, and owns ln from then on. Temporary errors are tried again
// after 5 ms, doubling to 1 s; any other gives ln up. Both are told to Config.OnAcceptError.
func (l *Loop) AddListener(ln net.Listener) Handle {
	a := &listener{ln: ln, closed: make(chan struct{}), backlog: make(chan struct{}, acceptBacklog)}
	a.handle = l.handles.add(nil, a)
	l.running.Go(func() { l.accept(a) })
	return a.handle
}

// NewListenerHandle returns a handle for a listener that somebody else accepts from, to call Attach with.
func (l *Loop) NewListenerHandle() Handle {
	a := &listener{}
	a.handle = l.handles.add(nil, a)
	return a.handle
}

// closeListener makes the handle stale and closes what is behind it.
func (l *Loop) closeListener(a *listener) {
	l.handles.remove(a.handle)
	if a.ln != nil {
		close(a.closed)
		_ = a.ln.Close()
	}
}

// accept is the goroutine of a listener.
func (l *Loop) accept(a *listener) {
	var retry time.Duration
	for {
		select {
		case a.backlog <- struct{}{}:
		case <-a.closed:
			return
		}
		conn, err := a.ln.Accept()
		if err == nil {
			retry = 0
			if !l.inbox.post(task{conn: conn, listener: a.handle, acceptor: a}) {
				_ = conn.Close()
				return
			}
			continue
		}
		<-a.backlog
		select {
		case <-a.closed:
			return
		default:
		}
		if !temporary(err) {
			l.config.OnAcceptError(a.handle, err, 0)
			l.Post(func() { l.CloseHandle(a.handle, false) })
			return
		}
		retry = min(max(2*retry, acceptRetryMin), acceptRetryMax)
		l.config.OnAcceptError(a.handle, err, retry)
		select {
		case <-time.After(retry):
		case <-a.closed:
			return
		}
	}
}

// temporary reports whether accepting may succeed later: it was the process or the system that had too little of something,
// or one connection that was gone before it was accepted.
func temporary(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	var t interface{ Temporary() bool } // what net.Error says is deprecated, but it is all that other listeners say
	return errors.As(err, &t) && t.Temporary()
}
