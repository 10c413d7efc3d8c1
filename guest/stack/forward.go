package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// cargo is what goes from a source to its sink in the entry under way: the pieces of one call of feed together, in one write.
type cargo struct {
	from  side
	bytes []byte // a view of what is being parsed, or of room
	room  []byte // for pieces that are put together, or get a chunk's frame; kept from one entry to the next
}

// forward takes a piece of what comes for a source that has a sink. If that does not take it, it returns false: the piece, and
// what comes from now on, is the handler's, who finds out why.
func (e *Engine) forward(from side, piece []byte) bool {
	p := from.piping()
	if p == nil || p.to == 0 {
		return false
	}
	g := &e.cargo
	n := len(g.bytes) + len(piece)
	switch {
	case !e.takes(e.side(p.to), n), p.most >= 0 && p.moved+int64(n) > p.most:
		e.carry()
		e.unpipe(from)
		return false
	case len(g.bytes) == 0:
		g.from, g.bytes = from, piece
		return true
	case g.isView():
		g.load()
	}
	g.room = append(g.room, piece...)
	g.bytes = g.room[chunkHead:]
	return true
}

// chunkHead is room for the size of a chunk and its line's end.
const chunkHead = 18

// isView reports whether the bytes are not in room.
func (g *cargo) isView() bool { return len(g.room) == 0 }

// load puts the bytes into room.
func (g *cargo) load() {
	var size [chunkHead]byte
	g.room = append(append(g.room, size[:]...), g.bytes...)
	g.bytes = g.room[chunkHead:]
}

// chunk returns the bytes as a chunk: RFC 9112 §7.1.
func (g *cargo) chunk() []byte {
	if g.isView() {
		g.load()
	}
	var digits [16]byte
	size := append(strconv.AppendUint(digits[:0], uint64(len(g.bytes)), 16), "\r\n"...)
	start := chunkHead - len(size)
	copy(g.room[start:], size)
	g.room = append(g.room, "\r\n"...)
	return g.room[start:]
}

// bulky is how many bytes are a sign that more would have come if they had fit.
const bulky = 48 << 10

// readBulk has the socket of c read in larger pieces, or in those that events can bring: a handler that pauses would have to keep them.
func (e *Engine) readBulk(c *conn, bulk bool) {
	if c.bulk != bulk && !c.broken {
		c.bulk = bulk
		value := int64(0)
		if bulk {
			value = 1
		}
		e.sockets.SetOption(c.socket, abi.SocketBulk, value)
	}
}

// carry sends what forward has taken. If some of it has to wait, so has the source.
func (e *Engine) carry() {
	g := &e.cargo
	n := len(g.bytes)
	if n == 0 {
		return
	}
	p := g.from.piping()
	to := e.side(p.to)
	if n >= bulky {
		e.readBulk(g.from.c, true)
	}
	p.moved += int64(n)
	switch x := to.x; {
	case e.gone(to): // by what was parsed after the piece: it is lost on the way
	case x == nil:
		e.send(to.c, g.bytes, false)
		p.full = to.c.out.len() > 0 || to.c.stalled
	default:
		out := g.bytes
		if x.chunked {
			out = g.chunk()
		}
		if x.remaining >= 0 {
			x.remaining -= int64(n)
		}
		if x.sends != nil {
			e.transmit(x, out)
			p.full = x.conn == nil || x.conn.broken || x.conn.stalled || x.conn.out.len() > 0
		} else {
			e.output(x, out, false)
			p.full = x.conn.first != x || x.conn.out.len() > 0
		}
	}
	if to.c != nil && to.c.broken { // by the write
		e.handles.stir(p.to)
	}
	g.from, g.bytes = side{}, nil
	if g.room = g.room[:0]; cap(g.room) > maxScratch {
		g.room = nil
	}
}
