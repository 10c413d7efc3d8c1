package stack

import "github.com/portholehttp/porthole/abi"

// piping is what an exchange or a raw connection has of which bytes go to another without passing through the handler, or to
// which they come. It knows the other side by its handle: one that is over is no longer found.
//
//	source: bodyPiece, receiveRaw ─► forward ─► carry ─► sink
//	  ▲                                           │
//	  └─ stir ◄─ it has drained, ended or gone ◄─ full: bytes wait there
type piping struct {
	// Of a source.
	to    uint64 // where what is read goes, from the next entry on; 0: to the handler
	most  int64  // how many bytes of it at most, with those of moved; negative: any number
	moved int64  // that have gone there, of which no event has told yet
	full  bool   // they wait there: the source is not read

	from uint64 // of a sink: its source, which may be over; 0: none
}

// isFull reports whether a source has to wait for its sink.
func (p *piping) isFull() bool { return p != nil && p.full }

// tell returns how many bytes were moved of which no event has told: one does now.
func (p *piping) tell() uint64 {
	if p == nil {
		return 0
	}
	n := p.moved
	p.moved = 0
	return uint64(n)
}

// side is what a pipe leads from or to: of an exchange the message that is received or sent, or a direction of a raw connection.
type side struct {
	x *exchange // nil: of a raw connection
	c *conn     // nil: of a request that waits for one
}

// side returns the one of a handle; one without exchange and connection if there is none, or none any more.
func (e *Engine) side(handle uint64) side {
	if c := e.handles.socket(handle); c != nil {
		return side{c: c}
	}
	if x := e.handles.exchange(handle); x != nil {
		if x.conn != nil {
			x.conn.leaveExpress() // bytes may go to it by other ways than Operation
		}
		return side{x, x.conn}
	}
	return side{}
}

func (s side) handle() uint64 {
	if s.x != nil {
		return s.x.handle
	}
	return s.c.handle
}

// piping returns nil if s has none.
func (s side) piping() *piping {
	switch {
	case s.x != nil:
		return s.x.pipes
	case s.c != nil && s.c.raw != nil:
		return s.c.raw.pipes
	}
	return nil
}

// own returns the piping of s to write to.
func (s side) own() *piping {
	p := s.piping()
	if p == nil {
		p = new(piping)
		if s.x != nil {
			s.x.pipes = p
		} else {
			s.c.raw.pipes = p
		}
	}
	return p
}

// gone reports whether nothing can be done with s any more.
func (e *Engine) gone(s side) bool {
	switch {
	case s.x == nil:
		return s.c == nil || s.c.broken
	case s.x.sends != nil:
		return e.lost(s.x)
	}
	return s.c.broken || s.c.closing && !s.x.ended
}

// gives reports whether bytes of s are to come, after a head that the handler has been told.
func (s side) gives() bool {
	switch {
	case s.x == nil:
		return s.c.raw != nil && !s.c.raw.endTold
	case s.x.sends != nil && !s.x.sends.responded:
		return false
	}
	return !s.x.received
}

// takes reports whether n bytes may be sent to s, after its head and within its length and the limits.
func (e *Engine) takes(s side, n int) bool {
	if e.gone(s) || e.queued > MaxTotalQueued {
		return false
	}
	if s.c != nil && s.c.waiting > int(s.c.terms.options.MaxQueuedBytes) {
		return false
	}
	if x := s.x; x != nil {
		return x.headSent && !x.ended && !x.noBody && (x.remaining < 0 || int64(n) <= x.remaining)
	}
	return s.c.raw != nil && !s.c.raw.ended
}

// exchangePipe has what comes for a handle from the next entry on go to another one, or to the handler again.
func (e *Engine) exchangePipe(target uint64, record []byte) abi.Status {
	if len(record) != abi.PipeSize {
		return abi.StatusInvalid
	}
	r := abi.Decode[abi.Pipe](record)
	from, to := e.side(target), e.side(r.To)
	switch {
	case e.gone(from), r.To != 0 && e.gone(to):
		return abi.StatusClosed
	case r.To == 0:
		e.unpipe(from)
		return abi.StatusOK
	case !from.gives(), !e.takes(to, 0), e.isSink(to, target):
		return abi.StatusState
	}
	if p := from.piping(); p == nil || p.to != r.To {
		e.unpipe(from)
	}
	p := from.own()
	p.to, p.most = r.To, r.Most
	to.own().from = target
	return abi.StatusOK
}

// isSink reports whether another source than that leads to s: a sink has one, so that it knows whom to let go on.
func (e *Engine) isSink(s side, source uint64) bool {
	p := s.piping()
	return p != nil && p.from != 0 && p.from != source && e.side(p.from).piping() != nil
}

// unpipe has what comes for s go to the handler.
func (e *Engine) unpipe(s side) {
	p := s.piping()
	if p == nil || p.to == 0 {
		return
	}
	if sink := e.side(p.to).piping(); sink != nil && sink.from == s.handle() {
		sink.from = 0
	}
	full := p.full
	e.leadNowhere(s, p)
	if full {
		e.handles.stir(s.handle())
	}
}

// leadNowhere makes p, which s has as a source, one without a sink.
func (e *Engine) leadNowhere(s side, p *piping) {
	p.to, p.full = 0, false
	if s.c != nil {
		e.readBulk(s.c, false)
	}
}

// unblock lets the source of a sink go on: nothing waits there, or nothing more is taken.
func (e *Engine) unblock(sink *piping) {
	if sink == nil || sink.from == 0 {
		return
	}
	if p := e.side(sink.from).piping(); p.isFull() {
		p.full = false
		e.handles.stir(sink.from)
	}
}

// stir has a source settled at the end of the entry under way, or in the next Turn.
func (t *handleTable) stir(handle uint64) { t.stirred = append(t.stirred, handle) }

// orphan stirs the source of a sink whose handle becomes stale.
func (t *handleTable) orphan(sink *piping) {
	if sink != nil && sink.from != 0 {
		t.stir(sink.from)
	}
}

// settleStirred has sources go on, and those that lead nowhere any more give to the handler.
func (e *Engine) settleStirred() {
	for i := 0; i < len(e.handles.stirred); i++ {
		s := e.side(e.handles.stirred[i])
		if p := s.piping(); p != nil && p.to != 0 && e.gone(e.side(p.to)) {
			e.leadNowhere(s, p)
		}
		if s.c != nil && !s.c.lingering {
			s.c.leaveExpress()
			e.settle(s.c)
		}
	}
	e.handles.stirred = e.handles.stirred[:0]
}
