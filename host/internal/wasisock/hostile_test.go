//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile are calls that would do, but for one pointer. A list of pointers names the parameters and how many bytes they point to.
type hostile struct {
	name     string
	params   func(g *guest) []uint32
	pointers map[int]uint32
}

// dials makes a header that points somewhere.
func header(g *guest, ptr, size uint32) uint32 { return g.put(bytesOf(ptr, size)) }

var calls = []hostile{
	{"sock_open", func(g *guest) []uint32 { return []uint32{1, 2, g.room(4)} }, map[int]uint32{2: 4}},
	{"sock_bind", func(g *guest) []uint32 { return []uint32{g.open(1, 2), g.at("127.0.0.1"), 0} }, map[int]uint32{1: 8}},
	{"sock_connect", func(g *guest) []uint32 { return []uint32{g.open(1, 1), g.at("127.0.0.1"), 9} }, map[int]uint32{1: 8}},
	{"sock_accept", func(g *guest) []uint32 {
		fd, port := g.listen(kindStream)
		g.dial(port)
		g.wait(subscription{subscribeRead, fd})
		return []uint32{fd, 0, g.room(4)}
	}, map[int]uint32{2: 4}},
	{"sock_recv", func(g *guest) []uint32 {
		fd, c := g.accepted()
		_, _ = c.Write([]byte("x"))
		return []uint32{fd, g.vectors(make([]byte, 1)), 1, 0, g.room(4), g.room(4)}
	}, map[int]uint32{1: 8, 4: 4, 5: 4}},
	{"fd_read", func(g *guest) []uint32 {
		fd, c := g.accepted()
		_, _ = c.Write([]byte("x"))
		return []uint32{fd, g.vectors(make([]byte, 1)), 1, g.room(4)}
	}, map[int]uint32{1: 8, 3: 4}},
	{"sock_recv_from", func(g *guest) []uint32 {
		fd, c := g.accepted()
		_, _ = c.Write([]byte("x"))
		return []uint32{fd, g.vectors(make([]byte, 1)), 1, g.storage(0, ""), 0, g.room(4), g.room(4), g.room(4)}
	}, map[int]uint32{1: 8, 3: 8, 5: 4, 6: 4, 7: 4}},
	{"sock_send", func(g *guest) []uint32 {
		fd, _ := g.accepted()
		return []uint32{fd, g.vectors([]byte("x")), 1, 0, g.room(4)}
	}, map[int]uint32{1: 8, 4: 4}},
	{"fd_write", func(g *guest) []uint32 {
		fd, _ := g.accepted()
		return []uint32{fd, g.vectors([]byte("x")), 1, g.room(4)}
	}, map[int]uint32{1: 8, 3: 4}},
	{"sock_send_to", func(g *guest) []uint32 {
		return []uint32{g.open(1, 1), g.vectors([]byte("x")), 1, g.at("127.0.0.1"), 9, 0, g.room(4)}
	}, map[int]uint32{1: 8, 3: 8, 6: 4}},
	{"sock_getlocaladdr", func(g *guest) []uint32 {
		fd, _ := g.listen(kindStream)
		return []uint32{fd, g.storage(0, ""), g.room(4)}
	}, map[int]uint32{1: 8, 2: 4}},
	{"sock_getpeeraddr", func(g *guest) []uint32 {
		fd, _ := g.accepted()
		return []uint32{fd, g.storage(0, ""), g.room(4)}
	}, map[int]uint32{1: 8, 2: 4}},
	{"sock_getsockopt", func(g *guest) []uint32 { return []uint32{g.open(1, 2), 0, optionType, g.room(4), 4} }, map[int]uint32{3: 4}},
	{"sock_setsockopt", func(g *guest) []uint32 {
		return []uint32{g.open(1, 2), 0, optionReuseAddress, g.put(bytesOf(1)), 4}
	}, map[int]uint32{3: 4}},
	{"sock_getaddrinfo", func(g *guest) []uint32 {
		node := g.put([]byte("127.0.0.1"))
		return []uint32{node, 9, g.put([]byte("80")), 2, g.room(addrinfoSize), g.put(bytesOf(g.result(0))), 1, g.room(4)}
	}, map[int]uint32{0: 9, 2: 2, 4: addrinfoSize, 5: 4, 7: 4}},
	{"poll_oneoff", func(g *guest) []uint32 {
		return []uint32{g.room(subscriptionSize), g.room(eventSize), 1, g.room(4)}
	}, map[int]uint32{0: subscriptionSize, 1: eventSize, 3: 4}},
	{"fd_fdstat_get", func(g *guest) []uint32 { return []uint32{g.open(1, 2), g.room(24)} }, map[int]uint32{1: 24}},
	{"fd_filestat_get", func(g *guest) []uint32 { return []uint32{g.open(1, 2), g.room(64)} }, map[int]uint32{1: 64}},
}

// result makes a place for a result of sock_getaddrinfo.
func (g *guest) result(next uint32) uint32 {
	address := g.put(bytesOf(0, 26, g.room(26)))
	return g.put(bytesOf(0, 0, 0, address, 0, 0, next))
}

const everywhere = "0.0.0.0/0:* [::/0]:* unix:/*"

func TestHostilePointers(t *testing.T) {
	for _, c := range calls {
		g := newGuest(t, "program.wasm", everywhere, "*:*", func(c *Config) { c.MaxSockets = 1000 })
		g.must(c.name, c.params(g)...)
		for i, size := range c.pointers {
			for _, bad := range []uint32{memorySize - size + 1, memorySize - 1, memorySize, 1 << 31, ^uint32(0) - size + 1, ^uint32(0)} {
				params := c.params(g)
				params[i] = bad
				assert.Equal(t, errFault, g.call(c.name, params...), "%s: parameter %d is %#x", c.name, i, bad)
			}
		}
	}
}

// What a pointer points to is a pointer again.
func TestHostileHeaders(t *testing.T) {
	g := newGuest(t, "program.wasm", everywhere, "*:*", func(c *Config) { c.MaxSockets = 1000 })
	stream, _ := g.accepted()
	datagram, _ := g.listen(kindDatagram)
	buffer := g.vectors(make([]byte, 8))
	for _, bad := range [][2]uint32{{memorySize - 3, 4}, {memorySize, 16}, {^uint32(0), 128}, {0, ^uint32(0)}, {8, memorySize}, {1 << 31, 1 << 31}} {
		h := header(g, bad[0], bad[1])
		assert.Equal(t, errFault, g.call("sock_bind", g.open(1, 2), h, 0))
		assert.Equal(t, errFault, g.call("sock_connect", g.open(1, 2), h, 0))
		assert.Equal(t, errFault, g.call("sock_send_to", datagram, buffer, 1, h, 1, 0, g.room(4)))
		assert.Equal(t, errFault, g.call("sock_recv_from", stream, buffer, 1, h, 0, g.room(4), g.room(4), g.room(4)))
		assert.Equal(t, errFault, g.call("sock_getlocaladdr", stream, h, g.room(4)))
		assert.Equal(t, errFault, g.call("sock_getpeeraddr", stream, h, g.room(4)))
		for _, f := range []string{"fd_read", "fd_write"} {
			assert.Equal(t, errFault, g.call(f, stream, h, 1, g.room(4)), f)
			two := g.put(bytesOf(g.room(4), 4, bad[0], bad[1]))
			assert.Equal(t, errFault, g.call(f, stream, two, 2, g.room(4)), f)
		}
		assert.Equal(t, errFault, g.call("sock_getsockopt", stream, 0, optionType, g.room(4), bad[0]|1<<31))
	}
	for size := range uint32(200) {
		h := header(g, g.room(200), size)
		if size != 4 && size != 16 {
			assert.Equal(t, errInval, g.call("sock_bind", g.open(1, 1), h, 0), "an address of %d bytes", size)
			g.must("fd_close", firstFD+uint32(len(g.sockets.table.slots))-1)
		}
		if size != storageSize {
			assert.Equal(t, errInval, g.call("sock_getlocaladdr", stream, h, g.room(4)))
		}
		g.top -= 220
	}
	assert.Equal(t, errNameTooLong, g.call("sock_bind", g.open(3, 2), g.storage(3, string(slices.Repeat([]byte{'x'}, 126))), 0))
	assert.Equal(t, errInval, g.call("sock_bind", g.open(1, 2), g.storage(7, ""), 0))
	assert.Equal(t, errInval, g.call("sock_bind", g.open(1, 2), g.at("127.0.0.1"), 65536))
}

// A list of results may be a ring, or lead outside.
func TestHostileResults(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "")
	ask := func(list, most uint32) errno {
		node := g.put([]byte("127.0.0.1"))
		return g.call("sock_getaddrinfo", node, 9, 0, 0, g.room(addrinfoSize), g.put(bytesOf(list)), most, g.room(4))
	}
	ring := g.result(0)
	require.True(t, g.module.Memory().WriteUint32Le(ring+24, ring))
	assert.Equal(t, success, ask(ring, ^uint32(0)))
	assert.Equal(t, success, ask(0, 8), "no place at all")
	assert.Equal(t, errInval, ask(ring, 0))
	for _, bad := range []uint32{memorySize - 11, memorySize, ^uint32(0)} {
		assert.Equal(t, errFault, ask(bad, 8))
		assert.Equal(t, errFault, ask(g.result(bad), 8), "the second")
		assert.Equal(t, errFault, ask(g.put(bytesOf(0, 0, 0, bad, 0, 0, 0)), 8), "its sockaddr")
		assert.Equal(t, errFault, ask(g.put(bytesOf(0, 0, 0, g.put(bytesOf(0, 26, bad)), 0, 0, 0)), 8), "its data")
	}
	assert.Equal(t, errFault, ask(g.put(bytesOf(0, 0, 0, g.put(bytesOf(0, 17, 0)), 0, 0, 0)), 8), "too small for IPv6")
}

func TestHostileCounts(t *testing.T) {
	g := newGuest(t, "program.wasm", everywhere, "*:*")
	fd, _ := g.accepted()
	for _, n := range []uint32{maxVectors + 1, 1 << 29, 1<<29 + 1, 1 << 31, ^uint32(0)} {
		assert.Equal(t, errInval, g.call("fd_read", fd, 0, n, g.room(4)))
		assert.Equal(t, errInval, g.call("fd_write", fd, 0, n, g.room(4)))
		assert.Equal(t, errFault, g.call("poll_oneoff", 0, 0, n*3, g.room(4)), n)
	}
	// 48 and 32 times these are small numbers in 32 bits.
	for _, n := range []uint32{1 << 27, 1<<28 + 1, 1 << 28, 0x05555556, ^uint32(0)} {
		assert.Equal(t, errFault, g.call("poll_oneoff", 0, 0, n, g.room(4)), n)
	}
	assert.Equal(t, errInval, g.call("poll_oneoff", 0, 0, 0, g.room(4)))
	assert.Equal(t, success, g.call("fd_write", fd, 0, 0, g.room(4)), "nothing")
}

func TestHostileDescriptors(t *testing.T) {
	g := newGuest(t, "program.wasm", everywhere, "*:*")
	closed := g.open(1, 2)
	g.must("fd_close", closed)
	size := g.room(4)
	buffer := g.vectors(make([]byte, 8))
	for _, fd := range []uint32{closed, firstFD + 1, 1<<31 - 1, 1 << 31, ^uint32(0), 3, firstFD - 1} {
		for name, params := range map[string][]uint32{
			"sock_bind": {fd, g.at("127.0.0.1"), 0}, "sock_listen": {fd, 1}, "sock_accept": {fd, 0, size}, "sock_accept_v2": {fd, 0, size},
			"sock_connect": {fd, g.at("127.0.0.1"), 9}, "sock_recv": {fd, buffer, 1, 0, size, g.room(4)},
			"sock_recv_from": {fd, buffer, 1, g.storage(0, ""), 0, size, g.room(4), g.room(4)}, "sock_send": {fd, buffer, 1, 0, size},
			"sock_send_to": {fd, buffer, 1, g.at("127.0.0.1"), 9, 0, size}, "sock_getlocaladdr": {fd, g.storage(0, ""), size},
			"sock_getpeeraddr": {fd, g.storage(0, ""), size}, "sock_getsockopt": {fd, 0, optionType, size, 4},
			"sock_setsockopt": {fd, 0, optionReuseAddress, size, 4}, "sock_shutdown": {fd, 1},
			"fd_read": {fd, buffer, 1, size}, "fd_write": {fd, buffer, 1, size}, "fd_close": {fd}, "fd_fdstat_get": {fd, g.room(24)},
			"fd_fdstat_set_flags": {fd, flagNonblock}, "fd_filestat_get": {fd, g.room(64)},
		} {
			assert.Equal(t, errBadF, g.call(name, params...), "%s of %#x", name, fd)
		}
		g.top = 4096
	}
	assert.Equal(t, errNotSup, g.call("fd_renumber", 0, 1<<31-1), "the table of files does not grow for it")
}

// Whatever is called with whatever: it returns.
func TestHostileAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	g := newGuest(t, "program.wasm", "", "")
	for range 4 { // of all families, not connected, not blocking
		g.open(familyIPv4, kindStream)
		g.open(familyUnix, kindDatagram)
	}
	for range g.module.Memory().Size() / 8 { // pointers and sizes that may do
		g.module.Memory().WriteUint32Le(random.Uint32N(memorySize/4)*4, random.Uint32N(memorySize))
	}
	values := []uint32{g.at("127.0.0.1"), g.storage(familyUnix, "/a"), g.vectors([]byte("x")), 0, 1, 2, 3, 4, 8, 16, 128, firstFD, firstFD + 1, firstFD + 2, 1 << 31, ^uint32(0), memorySize - 4, memorySize - 1, memorySize}
	returned := map[errno]bool{}
	for range 20_000 {
		f := calls[random.IntN(len(calls))]
		if f.name == "poll_oneoff" || f.name == "sock_getaddrinfo" { // may rightly take for ever, and ask the system
			continue
		}
		params := make([]uint32, len(g.module.ExportedFunction(f.name).Definition().ParamTypes()))
		for i := range params {
			params[i] = values[random.IntN(len(values))]
			if random.IntN(3) == 0 {
				params[i] = random.Uint32N(memorySize)
			}
		}
		returned[g.call(f.name, params...)] = true
	}
	assert.True(t, returned[success] && returned[errBadF] && returned[errFault] && returned[errInval])
	assert.NotEmpty(t, g.denied)
}

func TestImports(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "")
	_, err := g.instantiate(t, "unknown.wasm")
	assert.EqualError(t, err, "import wasi_snapshot_preview1.sock_open with 1 parameters: there is no such function")
	_, err = g.instantiate(t, "twice.wasm")
	assert.Error(t, err)
	_, err = g.instantiate(t, "memoryless.wasm")
	assert.ErrorIs(t, err, ErrNoMemory)
}
