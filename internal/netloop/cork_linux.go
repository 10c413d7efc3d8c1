package netloop

import (
	"golang.org/x/sys/unix"

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
// What is kept back counts as written. That is no promise too much: only a socket that has nothing left in the kernel's buffer is kept, whose
// write cannot fall short unless the kernel has no memory for sockets at all. Such a socket breaks.
type cork struct {
	open   bool // writes are kept
	bytes  []byte
	writes []corkedWrite
}

type corkedWrite struct {
	socket   *pollSocket // nil: pulled
	from, to int         // of cork.bytes
}

// takes keeps p back, unless it is to be written now.
func (c *cork) takes(f *pollSocket, p []byte) bool {
	if !c.open || f.corked || f.hungry || len(p) > maxCorkedWrite {
		return false
	}
	if unsent, err := unix.IoctlGetInt(f.fd, unix.SIOCOUTQ); err != nil || unsent != 0 {
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

// flush writes all that is kept.
func (c *cork) flush() {
	for i := range c.writes {
		c.put(&c.writes[i])
	}
	c.writes, c.bytes = c.writes[:0], c.bytes[:0]
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
	f := w.socket
	if f == nil {
		return
	}
	w.socket, f.corked = nil, false
	if n, err := writeFD(f.fd, c.bytes[w.from:w.to]); err != nil || n < w.to-w.from {
		f.failLater(abi.StatusReset)
	}
}
