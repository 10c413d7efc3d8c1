//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package wasisock

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// poller waits by poll(2), which looks at every socket of a round.
type poller struct {
	waker
	round   uint64
	fds     []unix.PollFd
	sockets []*socket
}

// polled is the poller's part of a socket.
type polled struct{ index int }

func (p *poller) open() error { return p.waker.open() }
func (p *poller) close()      { p.waker.close() }

// begin begins a round.
func (p *poller) begin() {
	p.round++
	clear(p.sockets)
	p.sockets = append(p.sockets[:0], nil)
	p.fds = append(p.fds[:0], unix.PollFd{Fd: int32(p.reader), Events: unix.POLLIN})
}

// watch has k waited for in this round, for wait.want.
func (p *poller) watch(k *socket) error {
	w := &k.wait
	if w.index >= len(p.sockets) || p.sockets[w.index] != k {
		w.index = len(p.sockets)
		p.sockets = append(p.sockets, k)
		p.fds = append(p.fds, unix.PollFd{Fd: int32(k.fd)})
	}
	if w.want&readable != 0 {
		p.fds[w.index].Events |= unix.POLLIN
	}
	if w.want&writable != 0 {
		p.fds[w.index].Events |= unix.POLLOUT
	}
	return nil
}

// forget does nothing: no round is under way.
func (p *poller) forget(*socket) {}

// wait returns how much of what this round wants is ready, and not before there is something, the deadline has come, or wake
// was called.
func (p *poller) wait(deadline int64, now func() int64) (found int, err error) {
	for {
		millis := 0
		switch {
		case deadline == forever:
			millis = -1
		case deadline > 0:
			const milli = 1e6
			left := max(deadline-now(), 0)
			millis = int(min(left/milli+min(left%milli, 1), math.MaxInt32)) // rounded up
		}
		n, err := unix.Poll(p.fds, millis)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for i := 1; i < len(p.fds); i++ {
			found += p.take(p.sockets[i], p.fds[i].Revents)
		}
		if found > 0 || n > 0 || deadline != forever && now() >= deadline {
			return found, nil
		}
	}
}

// take notes what poll(2) says, and returns how much of it this round wants.
func (p *poller) take(k *socket, events int16) int {
	is := readiness(0)
	if events&unix.POLLIN != 0 {
		is |= readable
	}
	if events&unix.POLLOUT != 0 {
		is |= writable
	}
	if events&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		is |= readable | writable
	}
	k.wait.ready = is & k.wait.want
	if events&unix.POLLHUP != 0 {
		k.wait.ready |= hungUp
	}
	return count(is & k.wait.want)
}

// count returns how many of readable and writable are in r.
func count(r readiness) int { return int(r&1 + r>>1&1) }
