package host

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/shard"
	"github.com/portholehttp/porthole/internal/netloop"
)

// handlerListeners are what the handlers of a server listen on themselves. Shards whose handlers ask for the same share one
// listener, whose connections are dealt to them; it closes when the last of them has left. So do versions of one handler, which have one
// name: the address stays open while one replaces the other.
type handlerListeners struct {
	server *Server

	mu      sync.Mutex
	shared  map[wanted]*sharedListener
	members map[*shard.Listener]*sharedListener
}

// wanted is what a handler asks for.
type wanted struct {
	handler string // its name
	request shard.ListenRequest
}

// ofHandler implements shard.Listeners for one handler.
type ofHandler struct {
	*handlerListeners
	policy *policy
}

func (h *handlerListeners) of(handler *Handler) shard.Listeners { return ofHandler{h, handler.policy} }

// sharedListener is one listener, which may still be being opened.
type sharedListener struct {
	wanted
	members  []member
	listener *listener // nil: not open yet
}

// member is a shard's part of a sharedListener.
type member struct {
	known  *shard.Listener
	opened func(address string, status abi.Status, text string)
}

func newHandlerListeners(s *Server) *handlerListeners {
	return &handlerListeners{
		server:  s,
		shared:  make(map[wanted]*sharedListener),
		members: make(map[*shard.Listener]*sharedListener),
	}
}

// Granted implements shard.Listeners.
func (h ofHandler) Granted(r *shard.ListenRequest) error {
	return h.policy.Listen(r.Network, r.Host, r.Port)
}

// Open implements shard.Listeners.
func (h ofHandler) Open(r *shard.ListenRequest, l *shard.Listener, opened func(string, abi.Status, string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := wanted{h.policy.handler, *r}
	sh := h.shared[key]
	if sh == nil {
		sh = &sharedListener{wanted: key}
		h.shared[key] = sh
		go h.listen(sh)
	}
	h.members[l] = sh
	sh.members = append(sh.members, member{l, opened})
	if sh.listener != nil {
		sh.listener.add(l)
		opened(addressText(sh.listener.ln.Addr()), abi.StatusOK, "")
	}
}

// listen opens a listener and serves it. It is a goroutine: names are resolved, and a Unix socket's file is looked at.
func (h *handlerListeners) listen(sh *sharedListener) {
	ln, err := listenFor(&sh.request)
	var l *listener
	if err == nil {
		ln = netloop.Direct(ln)
		l, err = h.server.register(ln)
	}
	h.mu.Lock()
	for _, m := range sh.members {
		if err != nil {
			m.opened("", listenStatus(err), err.Error())
		} else {
			l.add(m.known)
			m.opened(addressText(ln.Addr()), abi.StatusOK, "")
		}
	}
	sh.listener = l
	if err != nil || len(sh.members) == 0 {
		h.forget(sh)
	}
	if err == nil && len(sh.members) == 0 {
		l.release()
	}
	h.mu.Unlock()
	if err != nil {
		return
	}
	h.server.log.Info("handler listens", "handler", sh.handler, "address", addressText(ln.Addr()))
	defer h.server.serving.Done()
	err = h.server.accept(l)
	h.mu.Lock()
	h.forget(sh)
	h.mu.Unlock()
	if !errors.Is(err, ErrServerClosed) && !errors.Is(err, errReleased) {
		h.server.log.Error("listener given up", "address", ln.Addr().String(), "reason", err)
	}
}

// forget makes the next handler that asks for the same open a listener anew. h.mu is held.
func (h *handlerListeners) forget(sh *sharedListener) {
	if h.shared[sh.wanted] == sh {
		delete(h.shared, sh.wanted)
	}
}

// Close implements shard.Listeners.
func (h *handlerListeners) Close(l *shard.Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sh := h.members[l]
	if sh == nil {
		return
	}
	delete(h.members, l)
	sh.members = slices.DeleteFunc(sh.members, func(m member) bool { return m.known == l })
	if sh.listener == nil {
		return // listen sees to it
	}
	sh.listener.remove(l)
	if len(sh.members) == 0 {
		h.forget(sh)
		sh.listener.release()
	}
}

// listenFor opens the listener that a handler asks for.
func listenFor(r *shard.ListenRequest) (net.Listener, error) {
	ln, err := openFor(r)
	if err == nil && r.Network != "fd" { // whoever made that has chosen
		setBacklog(ln, r.Backlog)
	}
	return ln, err
}

func openFor(r *shard.ListenRequest) (net.Listener, error) {
	switch {
	case r.Network == "fd":
		return listenFD(r.Port)
	case r.Network == "tcp" && r.Host == "":
		return listenConfig.Listen(context.Background(), "tcp4", r.Address()) // every IPv4 address
	}
	return listen(r.Address())
}

// addressText is how a handler is told where it listens.
func addressText(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}
