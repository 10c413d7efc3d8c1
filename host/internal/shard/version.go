package shard

import (
	"github.com/portholehttp/porthole/host/internal/grant"
	"github.com/portholehttp/porthole/internal/dialer"
	"github.com/portholehttp/porthole/internal/netloop"
)

// version is a Handler in this shard: its instances, and the requests that wait for one.
//
//	Prepare ──► starting ──► ready ──SetRoutes──► routed ──SetRoutes without it──► retired ──► gone
//	               └─► gone    └─Release─► gone              (what it has finishes)
type version struct {
	*Handler
	shard *Shard
	name  string

	prepared []chan<- error // who waits for the first instance
	ready    bool           // it has been there
	routed   bool
	retired  bool          // nothing new reaches it
	gone     chan struct{} // closed when nothing is left of it in this shard

	starting int         // instances that are being made
	live     []*instance // all that were and have not ended
	free     []*instance // those that can be given a request: of Shared the one that there is
	orphans  []orphan    // servers of an instance that died
	mask     uint32      // of server_listeners for server 0, as an instance said last
	backoff  backoff
	queue    queue
	stirred  bool // it is in Shard.stirred

	serving int   // exchanges, and connections that were taken over, of all instances
	pending int   // client exchanges and sockets of all instances
	unsent  int64 // see account

	queueTimer, backoffTimer, retireTimer *netloop.Timer
}

func (s *Shard) newVersion(h *Handler) *version {
	v := &version{Handler: h, shard: s, name: h.Name, gone: make(chan struct{})}
	if v.name == "" {
		v.name = h.Module.Name()
	}
	v.queueTimer = s.loop.NewTimer(v.expire)
	v.backoffTimer = s.loop.NewTimer(v.resume)
	v.retireTimer = s.loop.NewTimer(v.giveUp)
	return v
}

// alone reports whether an instance serves one request at a time.
func (v *version) alone() bool { return v.Isolation != Shared }

func (v *version) dial() Dial {
	if v.Dial == nil {
		return noDial
	}
	return v.Dial
}

var noDial = (&dialer.Dialer{Policy: &grant.Set{}}).Dial

func (v *version) listeners() Listeners {
	if v.Listeners == nil {
		return noListeners{}
	}
	return v.Listeners
}

// take returns an instance for one more request, nil if that has to wait.
func (v *version) take() *instance {
	if v.serving >= v.Limits.MaxExchanges {
		return nil
	}
	last := len(v.free) - 1
	if last < 0 {
		return nil
	}
	i := v.free[last]
	if v.alone() {
		v.free = v.free[:last]
		i.idle = false
		i.engage()
	}
	return i
}

// put takes note that an instance can be given requests.
func (v *version) put(i *instance) {
	i.idle = true
	v.free = append(v.free, i)
	v.shard.stir(v)
}

// stir has settle look at a version: some of what waits may be served, or all may be over.
func (s *Shard) stir(v *version) {
	if !v.stirred {
		v.stirred = true
		s.stirred = append(s.stirred, v)
	}
}

// tend is what stir asks for.
func (s *Shard) tend() {
	last := len(s.stirred) - 1
	v := s.stirred[last]
	s.stirred = s.stirred[:last]
	v.stirred = false
	v.serveQueue()
	if v.retired && v.over() && !isClosed(v.gone) { // the end of its instances has stirred it again
		s.bury(v)
	}
}
