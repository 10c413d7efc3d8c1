//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netloop

import (
	"errors"
	"math"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller is a kqueue that a loop sleeps in, so that what a socket has to tell costs no goroutine. The sockets that it watches
// are not known to Go's own poller, which would be woken for each of their events too.
//
// This file is all that is particular to kqueue, and what the project's own machines, which run Linux, only build.
type poller struct {
	queue   int
	wakeup  [2]int   // a pipe: EVFILT_USER is not on all of these systems
	handles []Handle // by descriptor, since an event has no room for a handle where Udata is a pointer
	events  [256]unix.Kevent_t
}

// newPoller returns nil if the system has none to give: then the loop does as elsewhere.
func newPoller() *poller {
	p := &poller{queue: -1, wakeup: [2]int{-1, -1}}
	if p.open() != nil {
		p.close()
		return nil
	}
	return p
}

// open makes the queue and the pipe. There is no call on all of these systems that makes them without the chance that a child
// inherits them, so none is started meanwhile.
func (p *poller) open() (err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if p.queue, err = unix.Kqueue(); err != nil {
		p.queue = -1
		return err
	}
	unix.CloseOnExec(p.queue)
	ends := make([]int, 2)
	if err := unix.Pipe(ends); err != nil {
		return err
	}
	copy(p.wakeup[:], ends)
	for _, fd := range p.wakeup {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return err
		}
	}
	// Not edge-triggered: as long as there is a byte in the pipe, wait returns. So a pipe that is full loses no wake.
	var change [1]unix.Kevent_t
	unix.SetKevent(&change[0], p.wakeup[0], unix.EVFILT_READ, unix.EV_ADD)
	_, err = unix.Kevent(p.queue, change[:], nil, nil)
	return err
}

func (p *poller) close() {
	for _, fd := range []int{p.wakeup[0], p.wakeup[1], p.queue} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// wake ends wait, from any goroutine.
func (p *poller) wake() { _, _ = unix.Write(p.wakeup[1], []byte{1}) }

// watch has wait tell of fd. Closing it undoes that.
func (p *poller) watch(fd int, h Handle) error {
	for len(p.handles) <= fd {
		p.handles = append(p.handles, 0)
	}
	p.handles[fd] = h
	var changes [2]unix.Kevent_t
	unix.SetKevent(&changes[0], fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
	unix.SetKevent(&changes[1], fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_CLEAR)
	_, err := unix.Kevent(p.queue, changes[:], nil, nil)
	return err
}

// maxWait is more than which macOS refuses.
const maxWait = 1e6 * time.Second

// wait returns how many things have happened, which may be none before timeout is over. A negative timeout is none.
func (p *poller) wait(timeout time.Duration) int {
	var limit *unix.Timespec
	if timeout >= 0 {
		t := unix.NsecToTimespec(int64(min(timeout, maxWait)))
		limit = &t
	}
	n, err := unix.Kevent(p.queue, nil, p.events[:], limit)
	if err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ETIMEDOUT) { // Go's own poller has seen the latter on macOS
		panic("netloop: kevent: " + err.Error()) // the arguments are wrong
	}
	return max(n, 0)
}

// event returns what wait has seen, one of so many; of the pipe, which it empties, the handle 0. No descriptor has been closed since
// wait returned, so the numbers are those of the sockets that were watched last.
func (p *poller) event(i int) (Handle, edges) {
	e := &p.events[i]
	fd := uint64(e.Ident)
	switch {
	case fd == uint64(p.wakeup[0]):
		var bytes [64]byte
		_, _ = unix.Read(p.wakeup[0], bytes[:])
		return 0, 0
	case fd >= uint64(len(p.handles)) || fd > math.MaxInt32:
		return 0, 0
	}
	h := p.handles[fd]
	if e.Filter == unix.EVFILT_WRITE {
		return h, edgeWritable // with EV_EOF too, which says that writing fails, if only because of a Shutdown
	}
	set := edgeReadable
	if e.Flags&unix.EV_EOF != 0 {
		set |= edgeHangup
		if e.Fflags != 0 { // what SO_ERROR would say
			set |= edgeError
		}
	}
	return h, set
}
