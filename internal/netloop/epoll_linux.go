package netloop

import (
	"errors"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// poller is an epoll instance that a loop sleeps in, so that what a socket has to tell costs no goroutine. The sockets that it watches
// are not known to Go's own poller, which would be woken for each of their events too.
type poller struct {
	epoll  int
	wakeup int // an eventfd
	events [256]unix.EpollEvent
}

// newPoller returns nil if the system has none to give: then the loop does as elsewhere.
func newPoller() *poller {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	wakeup, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		// Edge-triggered: each write is an event, and nobody has to read.
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wakeup, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET})
		if err == nil {
			return &poller{epoll: epoll, wakeup: wakeup}
		}
		_ = unix.Close(wakeup)
	}
	_ = unix.Close(epoll)
	return nil
}

func (p *poller) close() {
	_ = unix.Close(p.wakeup)
	_ = unix.Close(p.epoll)
}

// wake ends wait, from any goroutine. The counter cannot overflow in this universe.
func (p *poller) wake() {
	_, _ = unix.Write(p.wakeup, one[:])
}

var one = [8]byte{1} // in either byte order more than zero

// watch has wait tell of fd. Closing it undoes that: fd is the only descriptor of its socket.
func (p *poller) watch(fd int, h Handle) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(h.index()),
		Pad:    int32(h.generation()),
	})
}

// wait returns what has happened, or nothing once timeout is over. A negative timeout is none. The result is valid until
// the next call.
func (p *poller) wait(timeout time.Duration) []unix.EpollEvent {
	ms := -1
	if timeout >= 0 {
		ms = int(min((timeout+time.Millisecond-1)/time.Millisecond, math.MaxInt32))
	}
	n, err := unix.EpollWait(p.epoll, p.events[:], ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		panic("netloop: epoll_wait: " + err.Error()) // the arguments are wrong
	}
	return p.events[:max(n, 0)]
}

// poll sleeps, at most for timeout, and takes note of the sockets that something has happened to.
func (l *Loop) poll(timeout time.Duration) {
	for _, e := range l.poller.wait(timeout) {
		s := l.handles.socket(makeHandle(uint32(e.Pad), uint32(e.Fd)))
		if s == nil {
			continue // the eventfd, or a socket that was closed meanwhile
		}
		f, ok := s.transport.(*epollSocket)
		if !ok {
			continue
		}
		var set signals
		if e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			set |= readable
		}
		if e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			f.hangup = true
		}
		if e.Events&unix.EPOLLERR != 0 {
			f.broken = true
		}
		if e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 && s.hungry {
			set |= writable
		}
		if set != 0 && s.signals.Or(uint32(set)) == 0 {
			l.polled = append(l.polled, s)
		}
	}
}
