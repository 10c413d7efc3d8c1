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

// wait returns how many things have happened, which may be none once timeout is over. A negative timeout is none.
func (p *poller) wait(timeout time.Duration) int {
	ms := -1
	if timeout >= 0 {
		ms = int(min((timeout+time.Millisecond-1)/time.Millisecond, math.MaxInt32))
	}
	n, err := unix.EpollWait(p.epoll, p.events[:], ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		panic("netloop: epoll_wait: " + err.Error()) // the arguments are wrong
	}
	return max(n, 0)
}

// event returns what wait has seen, one of so many; of the eventfd the handle 0.
func (p *poller) event(i int) (Handle, edges) {
	e := &p.events[i]
	var set edges
	if e.Events&unix.EPOLLIN != 0 {
		set |= edgeReadable
	}
	if e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		set |= edgeWritable
	}
	if e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP) != 0 {
		set |= edgeHangup
	}
	if e.Events&unix.EPOLLERR != 0 {
		set |= edgeHangup | edgeError
	}
	return makeHandle(uint32(e.Pad), uint32(e.Fd)), set
}
