package wasisock

import (
	"errors"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits by epoll, level-triggered. A registration stays from one round to the next, so that a round costs two
// system calls at most however many sockets it waits for. What turns out ready although this round does not want it is
// taken back then; the next round that does want it registers it again.
type poller struct {
	waker
	epoll  int
	round  uint64
	serial uint32
	at     []*socket // what is registered, by the host's descriptor
	events [128]unix.EpollEvent
}

// polled is the poller's part of a socket.
type polled struct {
	serial   uint32 // of its registration, 0: it has none. An event of another is not this socket's
	interest readiness
}

func (p *poller) open() (err error) {
	if err = p.waker.open(); err != nil {
		return err
	}
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err == nil {
		err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.reader, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p.reader)})
	}
	if err != nil {
		p.close()
	}
	return err
}

func (p *poller) close() {
	p.waker.close()
	if p.epoll > 0 {
		_ = unix.Close(p.epoll)
	}
}

// begin begins a round.
func (p *poller) begin() { p.round++ }

// watch has k waited for in this round, for wait.want. What cannot be waited for is always ready: a file.
func (p *poller) watch(k *socket) error {
	w := &k.wait
	if w.want&^w.interest == 0 {
		return nil
	}
	err := p.register(k, w.interest|w.want)
	if errors.Is(err, unix.EPERM) {
		w.interest = 0
	}
	return err
}

func (p *poller) register(k *socket, interest readiness) error {
	w := &k.wait
	op := unix.EPOLL_CTL_MOD
	if w.serial == 0 {
		op = unix.EPOLL_CTL_ADD
		p.serial = max(p.serial+1, 1)
		w.serial = p.serial
		for len(p.at) <= k.fd {
			p.at = append(p.at, nil)
		}
		p.at[k.fd] = k
	}
	w.interest = interest
	ev := unix.EpollEvent{Fd: int32(k.fd), Pad: int32(w.serial)}
	if interest&readable != 0 {
		ev.Events |= unix.EPOLLIN
	}
	if interest&writable != 0 {
		ev.Events |= unix.EPOLLOUT
	}
	err := unix.EpollCtl(p.epoll, op, k.fd, &ev)
	if err != nil && op == unix.EPOLL_CTL_ADD {
		p.drop(k)
	}
	return err
}

// drop forgets a registration.
func (p *poller) drop(k *socket) {
	p.at[k.fd] = nil
	k.wait.polled = polled{}
}

// forget takes back the registration of a socket that is about to be closed.
func (p *poller) forget(k *socket) {
	if k.wait.serial != 0 {
		_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, k.fd, &unix.EpollEvent{})
		p.drop(k)
	}
}

// wait returns how much of what this round wants is ready, and not before there is something, the deadline has come, or wake
// was called.
func (p *poller) wait(deadline int64, now func() int64) (found int, err error) {
	for {
		left := time.Duration(0)
		millis := 0
		switch {
		case deadline == forever:
			left, millis = forever, -1
		case deadline > 0:
			if left = time.Duration(deadline - now()); left > 0 {
				millis = int(min(left/time.Millisecond, math.MaxInt32))
			}
		}
		if left > 0 && millis == 0 {
			p.nap(left)
			left = 0
		}
		n, err := unix.EpollWait(p.epoll, p.events[:], millis)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		woken := false
		for i := range p.events[:n] {
			ev := &p.events[i]
			woken = woken || int(ev.Fd) == p.reader
			found += p.take(ev)
		}
		if found > 0 || woken || n == 0 && left <= 0 {
			return found, nil
		}
	}
}

// nap waits for less than epoll_wait's unit, a millisecond.
func (p *poller) nap(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(p.epoll), Events: unix.POLLIN}}, &ts, nil)
}

// take notes what an event says, and returns how much of it this round wants.
func (p *poller) take(ev *unix.EpollEvent) int {
	if int(ev.Fd) >= len(p.at) || p.at[ev.Fd] == nil || p.at[ev.Fd].wait.serial != uint32(ev.Pad) {
		return 0
	}
	k := p.at[ev.Fd]
	is := readiness(0)
	if ev.Events&unix.EPOLLIN != 0 {
		is |= readable
	}
	if ev.Events&unix.EPOLLOUT != 0 {
		is |= writable
	}
	over := ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0
	if over {
		is |= readable | writable
	}
	want := readiness(0)
	if k.wait.round == p.round {
		want = k.wait.want
	}
	switch {
	case is&want != 0:
		k.wait.ready = is & want
	case over: // it is told whatever the interest is
		p.forget(k)
	default:
		_ = p.register(k, k.wait.interest&^is)
	}
	if ev.Events&unix.EPOLLHUP != 0 {
		k.wait.ready |= hungUp
	}
	return count(is & want)
}

// count returns how many of readable and writable are in r.
func count(r readiness) int { return int(r&1 + r>>1&1) }
