package pipe

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

const (
	// bufferSize is how many bytes of one direction may wait for their reader.
	bufferSize = 64 << 10
	// bufferKept is the largest buffer that is kept when it is empty.
	bufferKept = 4 << 10
)

// Why nothing more is sent.
var (
	errEnded = io.EOF
	errReset = error(syscall.ECONNRESET)
)

// half is one direction of a connection.
type half struct {
	mu     sync.Mutex
	change sync.Cond
	buffer []byte
	start  int   // where the unread bytes begin
	ended  error // why nothing more is sent; nil: it may be
	gone   bool  // nobody reads any more

	readBy, writeBy deadline
}

func newHalf() *half {
	h := &half{}
	h.change.L = &h.mu
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !h.gone && h.start == len(h.buffer) && h.ended == nil && !h.readBy.over() && len(p) > 0 {
		h.change.Wait()
	}
	switch {
	case h.gone:
		return 0, net.ErrClosed
	case h.readBy.over():
		return 0, os.ErrDeadlineExceeded
	case errors.Is(h.ended, errReset):
		return 0, h.ended // what was sent before is lost
	case h.start == len(h.buffer) && len(p) > 0:
		return 0, h.ended
	}
	n := copy(p, h.buffer[h.start:])
	if h.start += n; h.start == len(h.buffer) {
		h.start, h.buffer = 0, h.buffer[:0]
		if cap(h.buffer) > bufferKept {
			h.buffer = nil
		}
	}
	h.change.Broadcast()
	return n, nil
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.ended != nil:
			return n, net.ErrClosed // by this side itself
		case h.gone:
			return n, syscall.EPIPE
		case h.writeBy.over():
			return n, os.ErrDeadlineExceeded
		}
		if h.start > 0 && len(h.buffer)+len(p) > cap(h.buffer) { // rather than grow
			h.buffer = h.buffer[:copy(h.buffer, h.buffer[h.start:])]
			h.start = 0
		}
		piece := p[:min(len(p), bufferSize-(len(h.buffer)-h.start))]
		h.buffer = append(h.buffer, piece...)
		n += len(piece)
		p = p[len(piece):]
		h.change.Broadcast()
		if len(p) == 0 {
			return n, nil
		}
		h.change.Wait()
	}
}

// end has the reader get err after what was written, the first time.
func (h *half) end(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended == nil || errors.Is(err, errReset) {
		h.ended = err
		h.change.Broadcast()
	}
}

// abandon makes reads and writes fail.
func (h *half) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	h.buffer, h.start = nil, 0
	h.change.Broadcast()
}

// silent reports whether nothing is to be read, and more may come.
func (h *half) silent() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.start == len(h.buffer) && h.ended == nil && !h.gone
}
