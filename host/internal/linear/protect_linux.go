//go:build amd64 || arm64

package linear

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// protectedCopy is a region whose writes the kernel notes. A restore asks for the pages written and overwrites them.
//
// A page stays writable after the first time, so that a later write does not fault (which costs about as much as copying
// seven pages), and is copied each time. Requests of one kind write the same pages; so as not to copy for ever what one odd
// request wrote, all are protected anew when patience pages were copied.
type protectedCopy struct {
	kernel *kernel
	copied
	written int // pages copied since all were protected
	args    scanArgs
	found   [64]pageRegion
}

// patience is in pages: copying them takes a few times as long as protecting a Go guest anew and the faults after that.
const patience = 1024

func protectedCopyOf(b []byte) (image, error) {
	k, err := openKernel()
	if err != nil {
		return nil, err
	}
	// A huge page would count as written as a whole.
	if err := unix.Madvise(b, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL { // a kernel without huge pages
		return nil, os.NewSyscallError("madvise", err)
	}
	from, err := duplicate(b)
	if err != nil {
		return nil, err
	}
	p := &protectedCopy{kernel: k, copied: copied{b, from}}
	p.args = scanArgs{
		size:  uint64(unsafe.Sizeof(p.args)),
		flags: scanCheckProtected,
		vec:   uint64(uintptr(unsafe.Pointer(&p.found))), vecLen: uint64(len(p.found)), // p is on the heap and does not move
		categoryMask: pageIsWritten,
		returnMask:   pageIsWritten,
	}
	if err := errors.Join(k.register(b), k.protect(b)); err != nil {
		p.drop()
		return nil, err
	}
	return p, nil
}

func (p *protectedCopy) restore() error {
	r := rangeOf(p.to)
	for at, end := r.start, r.start+r.size; at < end; at = p.args.walkEnd {
		p.args.start, p.args.end = at, end
		n, err := p.kernel.scan(&p.args)
		if err != nil {
			return err
		}
		for _, found := range p.found[:n] {

			p.written += int(found.end-found.start) / len(blank)
		}
	}
	if p.written < patience {
		return nil
	}
	p.written = 0
	return p.kernel.protect(p.to)
}

func (p *protectedCopy) drop() {
	p.kernel.unregister(p.to)
	p.copied.drop()
}
