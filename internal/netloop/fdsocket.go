//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/portholehttp/porthole/abi"
)

const (
	// readsPerTurn is how often a socket is read before others get their turn. The second read nearly always finds
	// the socket empty, which spares the loop a round; it cannot be left out, for it is the one that finds a FIN
	// which came together with the data, under the same edge.
	readsPerTurn = 2

	maxWrite = 1 << 30 // bytes of one write(2); macOS refuses 2 GiB
)

// fdSocket is a TCP or Unix socket whose descriptor the loop reads and writes itself.
//
// Go's poller is edge-triggered on these systems. The socket's goroutine waits inside of one RawConn.Read for all its
// life and turns each edge into a signal; because it never returns from there, an edge that comes while it is not
// waiting is kept by the poller. The loop reads after a signal until the socket is empty, whenever that is.
type fdSocket struct {
	socket
	raw      syscall.RawConn
	readable bool // not known to be empty
	lost     bool // no further edge will come
	armed    bool // a goroutine waits for room

	// The argument and results of the system call that the callbacks make, which are made once so that no call allocates.
	p         []byte
	n         int
	err       error
	read, put func(fd uintptr)
	check     func(fd uintptr)
	checkFDs  [1]unix.PollFd
	await     func()
	pollFDs   [1]unix.PollFd // of the goroutine that waits for room
	hasRoom   func(fd uintptr) bool
}

// rawConn returns the way to the descriptor of c; nil: c is to be read by its own methods.
func rawConn(c net.Conn) syscall.RawConn {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		if raw, err := c.(syscall.Conn).SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

func newFDSocket(l *Loop, c net.Conn, raw syscall.RawConn) *socket {
	f := &fdSocket{socket: socket{loop: l, conn: c}, raw: raw}
	f.transport = f
	f.read, f.put, f.check, f.await, f.hasRoom = f.sysRead, f.sysWrite, f.sysCheck, f.awaitRoom, f.pollRoom
	return &f.socket
}

func (f *fdSocket) start() { f.loop.running.Go(f.forward) }

// forward is the socket's goroutine. It ends when the connection is closed.
func (f *fdSocket) forward() {
	_ = f.raw.Read(func(uintptr) bool {
		f.loop.inbox.signal(&f.socket, readable) // also at first, for edges before now
		return false
	})
	f.loop.inbox.signal(&f.socket, lost)
}

func (f *fdSocket) ready(set signals) {
	if set&writable != 0 {
		f.armed = false
		f.room()
	}
	if set&failed != 0 {
		f.fail(f.failure)
	}
	f.readable = f.readable || set&(readable|lost) != 0
	f.lost = f.lost || set&lost != 0
	f.receive()
}

// receive reads while there is something, for one turn.
func (f *fdSocket) receive() {
	for range readsPerTurn {
		switch {
		case !f.readable || f.silent():
			return
		case f.paused:
			if f.broken() {
				f.fail(abi.StatusReset)
			}
			return
		}
		buffer := f.buffer()
		n, err := f.call(f.read, buffer)
		switch {
		case err == nil && n > 0:
			f.loop.handler.Data(f.handle, buffer[:n], f.loop.now)
		case err == nil:
			f.readable = false
			f.end()
		case errors.Is(err, syscall.EAGAIN) && !f.lost:
			f.readable = false
		default:
			f.fail(statusOf(err))
		}
	}
	if !f.silent() {
		f.resume()
	}
}

// broken reports whether a socket that is not read has an error. Its owner may wait for something else than the peer,
// and without an end to that.
func (f *fdSocket) broken() bool {
	_, err := f.call(f.check, nil)
	return err != nil
}

// resume has the loop come back to a socket that has not been read to its end.
func (f *fdSocket) resume() {
	if f.readable && !f.paused {
		f.loop.inbox.signal(&f.socket, again)
	}
}

func (f *fdSocket) write(p []byte) (int, abi.Status) {
	n, err := f.call(f.put, p[:min(len(p), maxWrite)])
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		status := statusOf(err)
		f.failLater(status)
		return 0, status
	}
	if n < len(p) && !f.armed {
		f.armed = true
		f.loop.running.Add(1)
		go f.await()
	}
	return n, abi.StatusOK
}

// awaitRoom is a goroutine that signals once that there is room in the kernel's buffer, or that writing would fail.
func (f *fdSocket) awaitRoom() {
	defer f.loop.running.Done()
	_ = f.raw.Write(f.hasRoom)
	f.loop.inbox.signal(&f.socket, writable)
}

// pollRoom asks the kernel, because an edge before now does not come again.
func (f *fdSocket) pollRoom(fd uintptr) bool {
	f.pollFDs[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
	for {
		n, err := unix.Poll(f.pollFDs[:], 0)
		if !errors.Is(err, unix.EINTR) {
			return n != 0 // on an error too: the next write says which
		}
	}
}

func (f *fdSocket) shutdown() abi.Status {
	// It fails if the peer has gone entirely; reading what it left tells how.
	_ = f.conn.(interface{ CloseWrite() error }).CloseWrite()
	return abi.StatusOK
}

// close ends the goroutines too: they wait in the poller, which turns them out. Close waits for that.
func (f *fdSocket) close(reset bool) {
	if t, ok := f.conn.(*net.TCPConn); ok && reset {
		_ = t.SetLinger(0)
	}
	_ = f.conn.Close()
}

// call makes a system call through RawConn.Control, which keeps the descriptor from being closed and reused meanwhile but
// takes no lock: the socket's goroutines hold those of Read and Write.
func (f *fdSocket) call(op func(fd uintptr), p []byte) (int, error) {
	f.p = p
	err := f.raw.Control(op)
	f.p = nil
	if err != nil {
		return 0, err
	}
	return f.n, f.err
}

func (f *fdSocket) sysRead(fd uintptr)  { f.n, f.err = readFD(int(fd), f.p) }
func (f *fdSocket) sysWrite(fd uintptr) { f.n, f.err = writeFD(int(fd), f.p) }

// sysCheck leaves an error if the socket has one. It does not take it: reading and writing still find it.
func (f *fdSocket) sysCheck(fd uintptr) {
	f.err = nil
	f.checkFDs[0] = unix.PollFd{Fd: int32(fd)}
	if n, err := unix.Poll(f.checkFDs[:], 0); err == nil && n > 0 && f.checkFDs[0].Revents&unix.POLLERR != 0 {
		f.err = syscall.ECONNRESET
	}
}
