//go:build amd64 || arm64

package linear

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// try takes a snapshot of a few pages and resets them, after writes by this process and by the kernel on behalf of it (a
// guest's buffer may be the target of a system call).
func try(m Mechanism) error {
	page := os.Getpagesize()
	b, err := reserve(uint64(4 * page))
	if err != nil {
		return err
	}
	defer release(b)
	if err := commit(b); err != nil {
		return err
	}
	b[page], b[2*page] = 1, 2
	before := bytes.Clone(b)
	image, err := m.image(b)
	if err != nil {
		return err
	}
	defer image.drop()
	for range 2 { // what was done to reset it must not keep it from being reset again
		b[0], b[page+1] = 3, 4
		if err := writeByKernel(b[3*page:]); err != nil {
			return err
		}
		if err := image.restore(); err != nil {
			return err
		}
		if !bytes.Equal(before, b) {
			return errIneffective
		}
	}
	return nil
}

// writeByKernel has a system call write the first byte of b.
func writeByKernel(b []byte) error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer func() { _, _ = unix.Close(pipe[0]), unix.Close(pipe[1]) }()
	if _, err := unix.Write(pipe[1], []byte{5}); err != nil {
		return err
	}
	_, err := unix.Read(pipe[0], b[:1])
	return err
}
