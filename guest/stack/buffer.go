package stack

// bufferPool keeps byte slices that connections need for a while: an unfinished head, bytes the
// kernel has not taken yet. A connection that is idle owns none.
type bufferPool struct {
	free  [][]byte
	limbo [][]byte // released, but events of this entry may still refer to them
}

const (
	pooledBufferSize = 4 << 10  // what get allocates
	maxPooledSize    = 64 << 10 // larger ones go to the garbage collector
	maxPooled        = 256
)

// get returns an empty slice with some capacity.
func (p *bufferPool) get() []byte {
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, pooledBufferSize)
}

// put releases b; its bytes stay as they are until the next entry.
func (p *bufferPool) put(b []byte) {
	if cap(b) > 0 && cap(b) <= maxPooledSize {
		p.limbo = append(p.limbo, b)
	}
}

// reclaim makes what was put usable again.
func (p *bufferPool) reclaim() {
	for i, b := range p.limbo {
		if len(p.free) < maxPooled {
			p.free = append(p.free, b)
		}
		p.limbo[i] = nil
	}
	p.limbo = p.limbo[:0]
}

// queue is bytes in order: written at the end, read from the front.
type queue struct {
	bytes []byte
	start int
}

func (q *queue) len() int     { return len(q.bytes) - q.start }
func (q *queue) view() []byte { return q.bytes[q.start:] }

// add appends p. It moves bytes, so no event may refer to any.
func (q *queue) add(pool *bufferPool, p []byte) {
	switch {
	case q.bytes == nil:
		q.bytes = pool.get()
	case q.start > 0 && len(q.bytes)+len(p) > cap(q.bytes):
		q.bytes = q.bytes[:copy(q.bytes, q.bytes[q.start:])]
		q.start = 0
	}
	q.bytes = append(q.bytes, p...)
}

// skip drops n bytes from the front, and the buffer with the last of them.
func (q *queue) skip(pool *bufferPool, n int) {
	if q.start += n; q.start == len(q.bytes) {
		q.drop(pool)
	}
}

// drop releases the buffer.
func (q *queue) drop(pool *bufferPool) {
	pool.put(q.bytes)
	*q = queue{}
}
