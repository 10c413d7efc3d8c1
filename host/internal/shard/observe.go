package shard

import (
	"errors"

	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// ending is the end of an exchange that is not told yet, since the call that has brought it is still running.
type ending struct {
	observer ExchangeObserver
	complete bool
	fuel     int64 // but for that of the call, if that is charged to it
	charged  bool
}

// observe tells the observer of a version of a request.
func (s *Shard) observe(v *version, pattern string, r *request) ExchangeObserver {
	s.observed = Request{
		Pattern:      pattern,
		Method:       r.method,
		Target:       r.target,
		Host:         r.field("host"),
		Traceparent:  r.joined("traceparent"),
		Tracestate:   r.joined("tracestate"),
		Shard:        s.config.Index,
		ReceivedAtNs: s.loop.Now(),
	}
	o := v.Observer.Request(&s.observed)
	s.observed = Request{}
	return o
}

// observeEnd tells the observer that an exchange is over. A connection that the handler has taken over is complete however it ends. In
func (i *instance) observeEnd(x *entry) {
	complete := x.ended || x.answered || x.kind == ofConnection
	if i.running {
		i.ends = append(i.ends, ending{x.observer, complete, x.fuel, x.handle == i.charged})
		return
	}
	x.observer.End(complete, x.fuel)
}

// tellEnds tells what waited for the call to return, which has used so much.
func (i *instance) tellEnds(used int64) {
	for n, e := range i.ends {
		if e.charged {
			e.fuel += used
		}
		e.observer.End(e.complete, e.fuel)
		i.ends[n] = ending{}
	}
	i.ends = i.ends[:0]
}

// observeRefusal tells the observer of a request that its handler did not get.
func observeRefusal(o ExchangeObserver, status int) {
	if o != nil {
		o.Status(statusOr500(status))
		o.End(true, 0)
	}
}

// observeFault tells the observer why an instance was ended.
func (v *version) observeFault(err error) {
	var fault *sandbox.Fault
	if v.Observer == nil || !errors.As(err, &fault) {
		return
	}
	switch k := fault.Kind(); k {
	case sandbox.KindInterrupt: // the host is closing
	case sandbox.KindDepth: // wazero's own bound is a trap too
		v.Observer.Fault(FaultTrap)
	default:
		v.Observer.Fault(FaultKind(k))
	}
}
