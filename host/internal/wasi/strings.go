package wasi

import "encoding/binary"

func argsSizesGet(c *call) Errno    { return sizes(c, c.system.Args) }
func argsGet(c *call) Errno         { return list(c, c.system.Args) }
func environSizesGet(c *call) Errno { return sizes(c, c.system.Env) }
func environGet(c *call) Errno      { return list(c, c.system.Env) }

// sizes is *_sizes_get(count.n, size.n): how many texts there are, and how many bytes with a NUL after each.
func sizes(c *call, texts []string) Errno {
	count, ok1 := c.bytes(c.u32(0), 4)
	size, ok2 := c.bytes(c.u32(1), 4)
	if !ok1 || !ok2 {
		return EFAULT
	}
	binary.LittleEndian.PutUint32(count, uint32(len(texts)))
	binary.LittleEndian.PutUint32(size, uint32(total(texts)))
	return ESUCCESS
}

// list is *_get(pointers, texts): pointers to the texts, and the texts one after the other.
func list(c *call, texts []string) Errno {
	size := total(texts)
	pointers, ok1 := c.bytes(c.u32(0), 4*uint64(len(texts)))
	buffer, ok2 := c.bytes(c.u32(1), size)
	if !ok1 || !ok2 {
		return EFAULT
	}
	c.system.Guard.Work(int(size))
	p := c.u32(1)
	for i, t := range texts {
		binary.LittleEndian.PutUint32(pointers[4*i:], p)
		n := copy(buffer, t)
		buffer[n] = 0
		buffer = buffer[n+1:]
		p += uint32(n) + 1
	}
	return ESUCCESS
}

func total(texts []string) uint64 {
	n := uint64(len(texts))
	for _, t := range texts {
		n += uint64(len(t))
	}
	return n
}
