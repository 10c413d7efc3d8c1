// The race detector learns from package syscall what passes through a socket.

//go:build !race

package netloop

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring instance by which one system call sends to many sockets. No send waits for room, so all are done when the call returns; nothing
// else is asked of the instance. See io_uring_setup(2) and io_uring_enter(2).
type ring struct {
	fd      int
	memory  [2][]byte // shared with the kernel: the queues, and what is submitted
	offered *uint32   // how many sends there were
	made    *uint32   // how many results there were, and
	read    *uint32   // how many of them were read
	sends   *[ringSize]ringSend
	results *[2 * ringSize]ringResult

	sent [ringSize]int32 // by number of the send: bytes; below 0: it failed, or was not tried
}

// ringSize is how many sends there may be in one call: a power of two.
const ringSize = maxCorked

// ringSend is a struct io_uring_sqe.
type ringSend struct {
	opcode    uint8
	_         [3]uint8
	fd        int32
	_         uint64
	address   uint64
	size      uint32
	sendFlags uint32
	number    uint64 // comes back in the result
	_         [3]uint64
}

// ringResult is a struct io_uring_cqe.
type ringResult struct {
	number uint64
	result int32
	_      uint32
}

// ringParams is a struct io_uring_params.
type ringParams struct {
	sends, results, flags uint32
	_                     [7]uint32
	send, result          ringOffsets
}

// ringOffsets is a struct io_sqring_offsets or io_cqring_offsets: where something is in the memory of the queues.
type ringOffsets struct {
	head, tail, mask, entries, _ uint32
	results                      uint32 // those of the completion queue
	order                        uint32 // in the submission queue, the places of submissions in their own memory
	_                            uint32
	_                            uint64
}

// Of linux/io_uring.h.
const (
	ringSetupCoop  = 1 << 8     // IORING_SETUP_COOP_TASKRUN, of Linux 5.19: an older one has no ring for us
	ringSendOpcode = 26         // IORING_OP_SEND
	ringOffSends   = 0x10000000 // IORING_OFF_SQES
	ringGetEvents  = 1          // IORING_ENTER_GETEVENTS
)

// newRing returns nil if the system has none to give, as many containers have not.
func newRing() *ring {
	p := ringParams{flags: ringSetupCoop}
	fd, _, errno := syscall.Syscall(unix.SYS_IO_URING_SETUP, ringSize, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil
	}
	r := &ring{fd: int(fd)}
	if p.sends != ringSize || p.results != 2*ringSize || !r.share(&p) {
		r.close()
		return nil
	}
	return r
}

// share maps the memory that is shared with the kernel.
func (r *ring) share(p *ringParams) bool {
	for i, of := range []struct {
		offset int64
		size   uintptr
	}{
		{0, max(uintptr(p.send.order)+ringSize*4, uintptr(p.result.results)+unsafe.Sizeof(*r.results))},
		{ringOffSends, unsafe.Sizeof(*r.sends)},
	} {
		b, err := unix.Mmap(r.fd, of.offset, int(of.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		if err != nil {
			return false
		}
		r.memory[i] = b
	}
	queues := r.memory[0]
	number := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&queues[offset])) }
	r.offered, r.made, r.read = number(p.send.tail), number(p.result.tail), number(p.result.head)
	r.results = (*[2 * ringSize]ringResult)(unsafe.Pointer(&queues[p.result.results]))
	r.sends = (*[ringSize]ringSend)(unsafe.Pointer(&r.memory[1][0]))
	order := (*[ringSize]uint32)(unsafe.Pointer(&queues[p.send.order]))
	for i := range order {
		order[i] = uint32(i)
	}
	return true
}

func (r *ring) close() {
	for _, b := range r.memory {
		if b != nil {
			_ = unix.Munmap(b)
		}
	}
	_ = unix.Close(r.fd)
}

// send tries to send what is kept, but for what was pulled, and leaves in r.sent what came of each write. It reports whether the ring can be used further.
func (r *ring) send(c *cork) bool {
	offered := *r.offered
	for i := range c.writes {
		r.sent[i] = -1
		w := &c.writes[i]
		if w.socket == nil {
			continue
		}
		r.sends[offered%ringSize] = ringSend{
			opcode: ringSendOpcode, fd: int32(w.socket.fd), number: uint64(i),
			address: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(c.bytes[w.from:w.to])))), size: uint32(w.to - w.from),
			sendFlags: unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL,
		}
		offered++
	}
	count := offered - *r.offered
	atomic.StoreUint32(r.offered, offered)
	taken, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(count), 0, 0, 0, 0)
	if errno != 0 {
		taken = 0
	}
	for missing := uint32(taken); missing > 0; {
		read, made := *r.read, atomic.LoadUint32(r.made)
		missing -= made - read
		for ; read != made; read++ {
			result := &r.results[read%(2*ringSize)]
			r.sent[result.number] = result.result
		}
		atomic.StoreUint32(r.read, read)
		if missing > 0 { // nothing that Linux does today, but the bytes are the kernel's until then
			_, _, _ = syscall.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, uintptr(missing), ringGetEvents, 0, 0)
		}
	}
	runtime.KeepAlive(c.bytes)
	return uint32(taken) == count
}
