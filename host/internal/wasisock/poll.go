package wasisock

// A subscription:
//
//	offset  size  field
//	0       8     what the event is to be recognized by
//	8       1     tag: subscribeClock, subscribeRead or subscribeWrite
//	16      4     clock, or descriptor
//	24      8     of a clock: timeout, nanoseconds
//	40      2     of a clock: flags
//
// An event:
//
//	0       8     as in the subscription
//	8       2     errno
//	10      1     tag
//	16      8     of a descriptor: bytes, at least
//	24      2     of a descriptor: flags
const (
	subscriptionSize = 48
	eventSize        = 32

	subscribeClock = 0
	subscribeRead  = 1
	subscribeWrite = 2

	clockRealtime  = 0
	clockMonotonic = 1
	clockAbsolute  = 1 // a flag

	eventHangup = 1 // a flag
)

// readiness is what a socket may be waited for, and found to be.
type readiness uint8

const (
	readable readiness = 1 << iota
	writable
	hungUp // nothing comes and nothing goes any more
)

// waiting is a socket's part in pollOneoff.
type waiting struct {
	round uint64    // of the poller, that want and ready are of
	want  readiness // what was subscribed to
	ready readiness // what was found of that, with hungUp
	polled
}

// poll is one call of pollOneoff.
type poll struct {
	in, out  []byte
	events   int
	deadline int64 // the first of its clocks, on the monotonic clock
	clock    int   // the subscription that it is of
}

// pollOneoff is poll_oneoff(in, out, n, result.n). Of several clocks the first makes an event. A descriptor that is neither a
// socket nor the standard input is always ready.
func (s *Sockets) pollOneoff(m memory, p []uint64) errno {
	count := uint32(p[2])
	in, ok1 := m.array(uint32(p[0]), count, subscriptionSize)
	out, ok2 := m.array(uint32(p[1]), count, eventSize)
	result, ok3 := m.word(uint32(p[3]))
	switch {
	case !ok1 || !ok2 || !ok3:
		return errFault
	case count == 0:
		return errInval
	}
	c := poll{in: in, out: out, deadline: forever}
	s.poller.begin()
	for i := range int(count) {
		if e := s.subscribe(&c, i); e != success {
			return e
		}
	}
	until := c.deadline
	if c.events > 0 {
		until = 0
	}
	found, err := s.poller.wait(until, s.config.Monotonic)
	s.Check()
	if err != nil {
		return errnoOf(err)
	}
	s.collect(&c, found)
	if c.deadline != forever && s.config.Monotonic() >= c.deadline {
		c.event(c.clock, success, 0)
	}
	le.PutUint32(result, uint32(c.events))
	return success
}

// subscribe takes up a subscription. What can be told at once makes an event.
func (s *Sockets) subscribe(c *poll, i int) errno {
	sub := c.in[i*subscriptionSize:][:subscriptionSize]
	want := readable
	switch sub[8] {
	case subscribeClock:
		return s.subscribeClock(c, i, sub)
	case subscribeWrite:
		want = writable
	case subscribeRead:
	default:
		return errInval
	}
	k := s.pollable(le.Uint32(sub[16:]), want)
	if k == nil {
		e := success
		if isSocket(le.Uint32(sub[16:])) {
			e = errBadF
		}
		c.event(i, e, 0)
		return success
	}
	if k.wait.round != s.poller.round {
		k.wait.round, k.wait.want, k.wait.ready = s.poller.round, 0, 0
	}
	if k.wait.want&want != 0 {
		return success // a second time: one of them makes the event
	}
	k.wait.want |= want
	err := s.poller.watch(k)
	switch {
	case err == nil:
		return success
	case k == s.stdin.socket:
		s.stdin.socket = nil // a file
		err = nil
	}
	k.wait.want &^= want
	c.event(i, errnoOf(err), 0)
	return success
}

// pollable returns what stands for a descriptor in the poller, nil if it is always ready, or no descriptor.
func (s *Sockets) pollable(fd uint32, want readiness) *socket {
	if fd == 0 && want == readable {
		return s.stdin.socket
	}
	return s.table.find(fd)
}

func (s *Sockets) subscribeClock(c *poll, i int, sub []byte) errno {
	id, timeout, flags := le.Uint32(sub[16:]), le.Uint64(sub[24:]), le.Uint16(sub[40:])
	now := s.config.Monotonic()
	deadline := after(now, timeout)
	switch {
	case id > clockMonotonic || flags&^clockAbsolute != 0:
		return errInval
	case flags == clockAbsolute && id == clockRealtime:
		deadline = after(now, sinceOr0(timeout, s.config.Realtime()))
	case flags == clockAbsolute:
		deadline = after(now, sinceOr0(timeout, now))
	}
	if deadline < c.deadline {
		c.deadline, c.clock = deadline, i
	}
	return success
}

// sinceOr0 returns how much later at is than now.
func sinceOr0(at uint64, now int64) uint64 {
	if at <= uint64(now) {
		return 0
	}
	return at - uint64(now)
}

// collect makes the events of what the poller has found. It begins at the end, where programs have what they have added last.
func (s *Sockets) collect(c *poll, found int) {
	for i := len(c.in)/subscriptionSize - 1; i >= 0 && found > 0; i-- {
		sub := c.in[i*subscriptionSize:][:subscriptionSize]
		want := readable
		switch sub[8] {
		case subscribeClock:
			continue
		case subscribeWrite:
			want = writable
		}
		k := s.pollable(le.Uint32(sub[16:]), want)
		if k == nil || k.wait.round != s.poller.round || k.wait.ready&want == 0 {
			continue
		}
		k.wait.ready &^= want
		found--
		c.event(i, success, k.wait.ready&hungUp)
	}
}

// event writes an event of subscription i. There are never more than subscriptions.
func (c *poll) event(i int, e errno, hangup readiness) {
	sub := c.in[i*subscriptionSize:][:subscriptionSize]
	userdata, tag := le.Uint64(sub), sub[8]
	ev := c.out[c.events*eventSize:][:eventSize]
	clear(ev)
	le.PutUint64(ev, userdata)
	le.PutUint16(ev[8:], uint16(e))
	ev[10] = tag
	if tag != subscribeClock && e == success {
		if hangup != 0 {
			le.PutUint16(ev[24:], eventHangup)
		} else {
			le.PutUint64(ev[16:], 1)
		}
	}
	c.events++
}
