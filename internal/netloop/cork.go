//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"bytes"
	"errors"
	"syscall"

	"github.com/portholehttp/porthole/abi"
)

const (
	// maxCorked is how many sockets' bytes are kept back at most before they go: the first of them waits for the work of all.
	maxCorked = 32
	// maxCorkedWrite is the largest write, in bytes, that is kept back: to copy a larger one costs more than what is saved.
	maxCorkedWrite = 4 << 10
)

// cork keeps small writes back while the loop goes through the sockets that had something to tell, and does them one after the other.
// A peer on the same machine is then woken once and finds many answers, in place of once for each; and neither the code of the kernel nor
// that of the guests has to come back into the processor's caches between two of them.
//
// What is kept back counts as written. That is a promise made for the kernel, which may have no room: then the rest of that write is kept until it
// has, and the socket takes nothing else. To ask the kernel before would be another system call for each write.
type cork struct {
	open   bool  // writes are kept
	ring   *ring // nil: each write is a system call of its own
	bytes  []byte
	writes []corkedWrite
	rests  map[*pollSocket][]byte // what the kernel had no room for, of sockets that owe; no more than maxCorkedWrite of each
}

type corkedWrite struct {
	socket   *pollSocket // nil: pulled
	from, to int         // of cork.bytes
}

// takes keeps p back, unless it is to be written now.
func (c *cork) takes(f *pollSocket, p []byte) bool {
	if !c.open || f.corked || f.hungry || f.owes || len(p) > maxCorkedWrite {
		return false
	}
	from := len(c.bytes)
	c.bytes = append(c.bytes, p...)
	c.writes = append(c.writes, corkedWrite{f, from, len(c.bytes)})
	f.corked = true
	if len(c.writes) == maxCorked {
		c.flush()
	}
	return true
}

// start has writes go together by one system call, if the system has one.
func (c *cork) start() { c.ring = newRing() }

func (c *cork) stop() {
	if c.ring != nil {
		c.ring.close()
		c.ring = nil
	}
}

// flush writes all that is kept.
func (c *cork) flush() {
	if c.ring != nil && len(c.writes) > 1 {
		c.putTogether()
	}
	for i := range c.writes {
		c.put(&c.writes[i])
	}
	c.writes, c.bytes = c.writes[:0], c.bytes[:0]
}

// putTogether writes what is kept by one system call. What fails is left: nothing of it was written, and put finds out whether it is the
// socket that fails, or the ring.
func (c *cork) putTogether() {
	ok := c.ring.send(c)
	for i := range c.writes {
		if n := int(c.ring.sent[i]); n >= 0 {
			c.written(&c.writes[i], n, nil)
		}
	}
	if !ok {
		c.stop()
	}
}

// pull writes what is kept of f, which is about to do something else.
func (c *cork) pull(f *pollSocket) {
	for i := 0; f.corked; i++ {
		if w := &c.writes[i]; w.socket == f {
			c.put(w)
		}
	}
}

func (c *cork) put(w *corkedWrite) {
	if w.socket != nil {
		n, err := writeFD(w.socket.fd, c.bytes[w.from:w.to])
		c.written(w, n, err)
	}
}

// written ends a write of which the kernel has taken n bytes.
func (c *cork) written(w *corkedWrite, n int, err error) {
	f, p := w.socket, c.bytes[w.from:w.to]
	w.socket, f.corked = nil, false
	switch {
	case n == len(p):
	case err != nil && !errors.Is(err, syscall.EAGAIN):
		f.failLater(abi.StatusReset)
	default:
		if c.rests == nil {
			c.rests = map[*pollSocket][]byte{}
		}
		c.rests[f], f.owes = bytes.Clone(p[n:]), true
	}
}

// owed reports whether the kernel is still to get bytes of f that count as written.
func (c *cork) owed(f *pollSocket) bool { return f.owes && c.rests[f] != nil }

// pay writes what f owes, as there may be room now, and reports whether that was all. Otherwise an edge follows, or f breaks.
func (c *cork) pay(f *pollSocket) bool {
	if !c.owed(f) {
		return true
	}
	rest := c.rests[f]
	n, err := writeFD(f.fd, rest)
	switch {
	case n == len(rest):
		c.forgive(f)
		return true
	case err != nil && !errors.Is(err, syscall.EAGAIN):
		c.forgive(f)
		f.failLater(abi.StatusReset)
	default:
		c.rests[f] = rest[n:]
	}
	return false
}

// forgive returns what f owes, which is then the caller's to write; nil: nothing.
func (c *cork) forgive(f *pollSocket) []byte {
	if !c.owed(f) {
		return nil
	}
	rest := c.rests[f]
	delete(c.rests, f)
	f.owes = false
	return rest
}
