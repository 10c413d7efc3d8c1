package wasi

import (
	"encoding/binary"
	"io"
)

// The descriptors that there are.
const (
	stdin  = 0
	stdout = 1
	stderr = 2
)

// of returns a function that has a descriptor as its first parameter and cannot do with any what it should: e says why.
func of(e Errno) func(*call) Errno {
	return func(c *call) Errno { return c.answer(0, e) }
}

// answer returns e if parameter i is a descriptor, else EBADF.
func (c *call) answer(i int, e Errno) Errno {
	if c.u32(i) > stderr {
		return EBADF
	}
	return e
}

// fdRenumber is fd_renumber(fd, to).
func fdRenumber(c *call) Errno {
	if c.u32(1) > stderr {
		return EBADF
	}
	return c.answer(0, ENOTSUP)
}

// pathSymlink is path_symlink(old_path, old_path_len, fd, new_path, new_path_len).
func pathSymlink(c *call) Errno { return c.answer(2, ENOTDIR) }

// What a descriptor is and may do, as WASI numbers it.
const (
	characterDevice = 2 // as to C, which flushes the lines of what it takes for a terminal
	flagAppend      = 1
	rightRead       = 1 << 1
	rightWrite      = 1 << 6
	rightFilestat   = 1 << 21
)

// fdFdstatGet is fd_fdstat_get(fd, fdstat).
//
//	offset  size  field
//	0       1     file type
//	2       2     flags
//	8       8     rights
//	16      8     rights of what is opened by it
func fdFdstatGet(c *call) Errno {
	fd := c.u32(0)
	if fd > stderr {
		return EBADF
	}
	out, ok := c.bytes(c.u32(1), 24)
	if !ok {
		return EFAULT
	}
	clear(out)
	out[0] = characterDevice
	rights := uint64(rightRead | rightFilestat)
	if fd != stdin {
		out[2] = flagAppend
		rights = rightWrite | rightFilestat
	}
	binary.LittleEndian.PutUint64(out[8:], rights)
	return ESUCCESS
}

// fdFilestatGet is fd_filestat_get(fd, filestat). Of its 64 bytes, all but the file type, at 16, and the number of links, at 24, are zero.
func fdFilestatGet(c *call) Errno {
	if c.u32(0) > stderr {
		return EBADF
	}
	out, ok := c.bytes(c.u32(1), 64)
	if !ok {
		return EFAULT
	}
	clear(out)
	out[16] = characterDevice
	out[24] = 1
	return ESUCCESS
}

// fdRead is fd_read(fd, iovs, iovs_len, read.n).
func fdRead(c *call) Errno {
	if c.u32(0) != stdin {
		return EBADF
	}
	if _, errno := c.vectors(); errno != ESUCCESS {
		return errno
	}
	return c.putSize(3, 0) // the input is at its end
}

const (
	maxVectors = 1024     // in one call, as IOV_MAX of Linux
	maxWrite   = 64 << 10 // bytes that one call writes at most; it returns how many it has
)

// fdWrite is fd_write(fd, iovs, iovs_len, written.n).
func fdWrite(c *call) Errno {
	var w io.Writer
	switch c.u32(0) {
	case stdout:
		w = c.system.Stdout
	case stderr:
		w = c.system.Stderr
	default:
		return EBADF
	}
	vectors, errno := c.vectors()
	if errno != ESUCCESS {
		return errno
	}
	if _, ok := c.bytes(c.u32(3), 4); !ok {
		return EFAULT
	}
	written := 0
	for ; len(vectors) > 0 && written < maxWrite; vectors = vectors[8:] {
		text, _ := c.vector(vectors)
		text = text[:min(len(text), maxWrite-written)]
		written += len(text)
		if w != nil && len(text) > 0 {
			c.system.Guard.Work(len(text))
			_, _ = w.Write(text)
		}
	}
	return c.putSize(3, uint32(written))
}

// vectors returns the iovs of fd_read and fd_write, each a pointer and a size, all of whose bytes are inside the memory.
func (c *call) vectors() ([]byte, Errno) {
	n := c.u32(2)
	if n > maxVectors {
		return nil, EINVAL
	}
	all, ok := c.bytes(c.u32(1), 8*uint64(n))
	if !ok {
		return nil, EFAULT
	}
	for rest := all; len(rest) > 0; rest = rest[8:] {
		if _, ok := c.vector(rest); !ok {
			return nil, EFAULT
		}
	}
	return all, ESUCCESS
}

// vector returns the bytes of the first of vectors.
func (c *call) vector(vectors []byte) ([]byte, bool) {
	return c.bytes(binary.LittleEndian.Uint32(vectors), uint64(binary.LittleEndian.Uint32(vectors[4:])))
}

// putSize writes n to where parameter i points.
func (c *call) putSize(i int, n uint32) Errno {
	out, ok := c.bytes(c.u32(i), 4)
	if !ok {
		return EFAULT
	}
	binary.LittleEndian.PutUint32(out, n)
	return ESUCCESS
}
