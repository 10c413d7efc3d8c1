package wasi

import "crypto/rand"

// randomPiece is how many random bytes are made before the guard is asked: 64 KiB take about 0.1 ms.
const randomPiece = 64 << 10

// randomGet is random_get(buf, buf_len).
func randomGet(c *call) Errno {
	out, ok := c.bytes(c.u32(0), uint64(c.u32(1)))
	if !ok {
		return EFAULT
	}
	for len(out) > 0 {
		n := min(len(out), randomPiece)
		c.system.Guard.Work(n)
		_, _ = rand.Read(out[:n]) // it does not fail
		out = out[n:]
	}
	return ESUCCESS
}
