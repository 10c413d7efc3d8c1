//go:build linux

package load

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// loop has some of the connections, and a thread.
type loop struct {
	epoll    int
	conns    map[int32]*conn
	free     []*conn // nothing is outstanding on them; the longest free is the next to send
	requests [][]byte
	turn     int // which of requests is next
	depth    int
	body     int64 // bytes of the bodies of depth answers
	counted  bool
	nap      unix.Timespec // zero: none

	schedule schedule
	window   window

	buf        []byte
	latency    *hdrhistogram.Histogram // nanoseconds
	answered   int64
	unanswered int64
}

const pause = 50 * time.Millisecond // the longest that a loop does not look whether it should end

func newLoop(address netip.AddrPort, o Options, connections int) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &loop{
		epoll:    epoll,
		conns:    make(map[int32]*conn, connections),
		requests: o.Requests,
		depth:    o.Depth,
		body:     o.Body * int64(o.Depth),
		counted:  o.Counted,
		nap:      unix.NsecToTimespec(o.Nap.Nanoseconds()),
		schedule: newSchedule(o.Rate / float64(o.Threads)),
		buf:      make([]byte, 256<<10),
		latency:  newHistogram(),
	}
	for range connections {
		fd, err := connect(address)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		c := &conn{fd: fd}
		l.conns[int32(fd)] = c
		l.free = append(l.free, c)
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (l *loop) close() error {
	errs := []error{unix.Close(l.epoll)}
	for _, c := range l.conns {
		errs = append(errs, unix.Close(c.fd))
	}
	l.conns = nil
	return errors.Join(errs...)
}

// run sends until the window is over, and then waits for the answers.
func (l *loop) run(ctx context.Context, w window) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l.window = w
	events := make([]unix.EpollEvent, 256)
	for {
		now := w.now()
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.send(now); err != nil {
			return err
		}
		if l.through(now) {
			l.count(now)
			return nil
		}
		n, err := l.wait(events, now)
		if err != nil {
			return err
		}
		for _, event := range events[:n] {
			c := l.conns[event.Fd]
			if event.Events&unix.EPOLLOUT != 0 {
				if err := l.flush(c); err != nil {
					return err
				}
			}
			if event.Events&^unix.EPOLLOUT != 0 {
				if err := l.receive(c); err != nil {
					return err
				}
			}
			if err := l.send(w.now()); err != nil {
				return err
			}
		}
	}
}

// through says whether nothing more is to be waited for, when all that was due has been sent.
func (l *loop) through(now int64) bool {
	return now >= l.window.end && (len(l.free) == len(l.conns) || now >= l.window.patience())
}

// send writes what is due to connections that are free.
func (l *loop) send(now int64) error {
	for len(l.free) > 0 && now < l.window.patience() {
		due := l.schedule.due(now)
		if due > now || due >= l.window.end {
			return nil
		}
		l.schedule.take()
		c := l.free[0]
		l.free = l.free[:copy(l.free, l.free[1:])]
		c.since, c.outstanding, c.unsent = due, l.depth, l.requests[l.turn]
		l.turn = (l.turn + 1) % len(l.requests)
		if err := l.flush(c); err != nil {
			return err
		}
	}
	return nil
}

// count adds what should be answered and is not: what is outstanding on connections, and of an open loop what was not even sent.
func (l *loop) count(now int64) {
	missed := func(intended int64) {
		if l.window.has(intended) || !l.schedule.open() {
			l.record(now - intended)
			l.unanswered++
		}
	}
	for _, c := range l.conns {
		if c.outstanding > 0 {
			missed(c.since)
		}
	}
	for ; l.schedule.due(now) < l.window.end; l.schedule.take() {
		missed(l.schedule.due(now))
	}
}

// wait blocks until a connection has something, a request is due, or the loop may have to end.
func (l *loop) wait(events []unix.EpollEvent, now int64) (int, error) {
	timeout := pause.Milliseconds()
	if l.schedule.open() {
		until := now + pause.Nanoseconds()
		if due := l.schedule.due(now); len(l.free) > 0 && due < l.window.end {
			until = min(until, due)
		}
		// Not by the timeout of epoll_wait, which counts milliseconds.
		sleep := unix.NsecToTimespec(max(until-now, 0))
		if _, err := unix.Ppoll([]unix.PollFd{{Fd: int32(l.epoll), Events: unix.POLLIN}}, &sleep, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return 0, err
		}
		timeout = 0
	}
	if l.nap != (unix.Timespec{}) {
		_ = unix.Nanosleep(&l.nap, nil) // an early end does no harm
	}
	n, err := unix.EpollWait(l.epoll, events, int(timeout))
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return n, err
}
