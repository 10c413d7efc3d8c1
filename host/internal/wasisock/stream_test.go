//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStream(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*")
	fd, peer := g.accepted()
	size, flags := g.room(4), g.room(4)

	buffers := g.vectors(make([]byte, 3), nil, make([]byte, 5))
	assert.Equal(t, errAgain, g.call("fd_read", fd, buffers, 3, size))
	_, err := io.WriteString(peer, "porthole")
	require.NoError(t, err)
	g.wait(subscription{subscribeRead, fd})
	g.must("sock_recv", fd, buffers, 3, receivePeek, size, flags)
	assert.EqualValues(t, 8, g.word(size))
	g.must("fd_read", fd, buffers, 3, size)
	assert.EqualValues(t, 8, g.word(size))
	assert.Equal(t, "por", string(g.bytes(g.word(buffers), 3)))
	assert.Equal(t, "thole", string(g.bytes(g.word(buffers+16), 5)))

	g.must("fd_write", fd, g.vectors([]byte("one "), []byte("two")), 2, size)
	assert.EqualValues(t, 7, g.word(size))
	g.must("sock_send", fd, g.vectors([]byte(" three")), 1, 0, size)
	g.must("sock_shutdown", fd, shutWriting)
	text, err := io.ReadAll(peer)
	require.NoError(t, err)
	assert.Equal(t, "one two three", string(text))
	assert.Equal(t, errPipe, g.call("fd_write", fd, g.vectors([]byte("x")), 1, size))
	assert.Equal(t, errInval, g.call("sock_shutdown", fd, 0))
	assert.Equal(t, errInval, g.call("sock_shutdown", fd, 4))

	require.NoError(t, peer.Close())
	g.poll(g.subscriptions(subscription{subscribeRead, fd}))
	g.must("fd_read", fd, g.vectors(make([]byte, 8)), 1, size)
	assert.Zero(t, g.word(size), "the end")
	g.must("fd_close", fd)
	assert.Equal(t, errBadF, g.call("fd_close", fd))
}

// Of a blocking socket the host waits for the program.
func TestBlocking(t *testing.T) {
	g := newGuest(t, "program.wasm", "127.0.0.1:*", "127.0.0.1:*")
	listener, port := g.listen(kindStream)
	g.must("fd_fdstat_set_flags", listener, 0)
	peers := make(chan *net.TCPConn, 1)
	go func() { peers <- g.dial(port) }()
	result, size := g.room(4), g.room(4)
	g.must("sock_accept", listener, 0, result)
	fd, peer := g.word(result), <-peers

	go func() { _, _ = io.WriteString(peer, "x") }()
	g.must("fd_read", fd, g.vectors(make([]byte, 8)), 1, size)
	assert.EqualValues(t, 1, g.word(size))

	done := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, peer, 8<<20)
		done <- err
	}()
	piece, sent := g.vectors(make([]byte, 16<<10)), uint32(0)
	for sent < 8<<20 {
		g.must("fd_write", fd, piece, 1, size)
		sent += g.word(size)
	}
	require.NoError(t, <-done)

	own := g.room(4)
	g.must("sock_open", uint32(familyIPv4), uint32(kindStream), own)
	g.must("sock_connect", g.word(own), g.at("127.0.0.1"), uint32(port))
	assert.Equal(t, uint32(port), g.peerPort(g.word(own)))
	g.must("sock_open", uint32(familyIPv4), uint32(kindStream), own)
	g.must("fd_close", listener)
	assert.Equal(t, errConnRefused, g.call("sock_connect", g.word(own), g.at("127.0.0.1"), uint32(port)))
}

func (g *guest) peerPort(fd uint32) uint32 {
	port := g.room(4)
	g.must("sock_getpeeraddr", fd, g.storage(0, ""), port)
	return g.word(port)
}

// Interrupt ends a call that waits, and every other.
func TestInterrupt(t *testing.T) {
	for name, wait := range map[string]func(g *guest) (string, []uint32){
		"accept": func(g *guest) (string, []uint32) {
			fd, _ := g.listen(kindStream)
			g.must("fd_fdstat_set_flags", fd, 0)
			return "sock_accept", []uint32{fd, 0, g.room(4)}
		},
		"poll": func(g *guest) (string, []uint32) {
			fd, _ := g.listen(kindStream)
			return "poll_oneoff", []uint32{g.put(g.subscriptions(subscription{subscribeRead, fd})), g.room(eventSize), 1, g.room(4)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, "program.wasm", "", "127.0.0.1:*")
			function, params := wait(g)
			go g.sockets.Interrupt() // before or while it waits
			_, err := g.try(function, params...)
			require.ErrorIs(t, err, ErrInterrupted)
			_, err = g.try("fd_close", 1)
			require.ErrorIs(t, err, ErrInterrupted)
			g.sockets.Close()
			g.sockets.Interrupt()
		})
	}
}

func TestMaxSockets(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*", func(c *Config) { c.MaxSockets = 2 })
	listener, port := g.listen(kindStream)
	fd := g.open(familyIPv4, kindStream)
	g.dial(port)
	g.wait(subscription{subscribeRead, listener})
	result := g.room(4)
	assert.Equal(t, errMFile, g.call("sock_open", 1, 2, result))
	assert.Equal(t, errMFile, g.call("sock_accept", listener, 0, result))
	g.must("fd_close", fd)
	g.must("sock_accept", listener, 0, result)
	assert.Equal(t, fd, g.word(result), "a descriptor is used again")
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "ph") // short, as such a path must be
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path, file := filepath.Join(dir, "s"), filepath.Join(dir, "file")
	g := newGuest(t, "program.wasm", "unix:"+path, "unix:"+path+" unix:"+file)

	listener := g.open(familyUnix, kindStream)
	assert.Equal(t, errAcces, g.call("sock_bind", listener, g.storage(familyUnix, filepath.Join(dir, "other")), 0))
	assert.Equal(t, errDestAddrReq, g.call("sock_listen", listener, 1), "it is not bound")
	g.must("sock_bind", listener, g.storage(familyUnix, path), 0)
	g.must("sock_listen", listener, 1)
	out, port := g.storage(0, ""), g.room(4)
	g.must("sock_getlocaladdr", listener, out, port)
	assert.Equal(t, "\x03\x00"+path+"\x00", string(g.bytes(g.word(out), uint32(len(path)+3))))

	c := g.open(familyUnix, kindStream)
	assert.Equal(t, errAcces, g.call("sock_connect", g.open(familyUnix, kindStream), g.storage(familyUnix, dir+"/../"+filepath.Base(dir)+"/s"), 0))
	g.must("sock_connect", c, g.storage(familyUnix, path), 0)
	g.must("sock_accept", listener, 0, port)
	g.must("sock_getpeeraddr", g.word(port), out, port)
	assert.Equal(t, "\x03\x00\x00", string(g.bytes(g.word(out), 3)), "it has no name")
	g.must("fd_close", listener)
	assert.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(file, []byte("keep"), 0o600))
	assert.Equal(t, errAddrInUse, g.call("sock_bind", g.open(familyUnix, kindStream), g.storage(familyUnix, file), 0))
	g.sockets.Close()
	assert.FileExists(t, file)
	assert.Len(t, g.denied, 2)
	assert.True(t, strings.HasPrefix(g.denied[0], `listening on "unix:`))
}

// What programs of the first layout see.
func TestOldLayout(t *testing.T) {
	g := newGuest(t, "old.wasm", "", "")
	own, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer own.Close()
	fd := g.open(familyIPv4, kindDatagram)
	k := g.sockets.table.find(fd)
	a := ipAddress(own.LocalAddr().(*net.UDPAddr).AddrPort())
	require.Equal(t, success, connectSocket(k, &a))

	ip, version, port := g.put(bytesOf(g.room(16), 16)), g.room(4), g.room(4)
	g.must("sock_getpeeraddr", fd, ip, version, port)
	assert.Equal(t, []byte{127, 0, 0, 1, 0, 0, 0, 0}, g.bytes(g.word(ip), 8))
	assert.EqualValues(t, 4, g.word(version))
	assert.EqualValues(t, a.ip.Port(), g.word(port))
	g.must("sock_getlocaladdr", fd, ip, version, port)
	local := g.word(port)
	assert.Equal(t, errInval, g.call("sock_getlocaladdr", fd, g.put(bytesOf(g.room(16), 15)), version, port))

	_, err = own.WriteToUDP([]byte("hello"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(local)})
	require.NoError(t, err)
	size, flags := g.room(4), g.room(4)
	g.must("sock_recv_from", fd, g.vectors(make([]byte, 4)), 1, ip, 0, size, flags)
	assert.EqualValues(t, 4, g.word(size))
	assert.EqualValues(t, receiveIsShort, g.word(flags))
	assert.Equal(t, errInval, g.call("sock_accept", fd, g.room(4)))
}

func TestDescriptor(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "")
	for kind, filetype := range map[kind]byte{kindStream: filetypeStream, kindDatagram: filetypeDatagram} {
		fd, stat := g.open(familyIPv4, kind), g.room(64)
		g.must("fd_fdstat_get", fd, stat)
		assert.Equal(t, []byte{filetype, 0, flagNonblock, 0}, g.bytes(stat, 4))
		g.must("fd_fdstat_set_flags", fd, 0)
		g.must("fd_fdstat_get", fd, stat)
		assert.Equal(t, []byte{filetype, 0, 0, 0}, g.bytes(stat, 4))
		assert.Equal(t, errInval, g.call("fd_fdstat_set_flags", fd, 1))
		g.must("fd_filestat_get", fd, stat)
		assert.Equal(t, filetype, g.bytes(stat, 64)[16])
	}
	assert.Equal(t, errBadF, g.call("fd_close", 77), "wazero's")
	g.must("fd_fdstat_get", 1, g.room(24))
}

func TestOptions(t *testing.T) {
	g := newGuest(t, "program.wasm", "127.0.0.1:*", "127.0.0.1:*")
	value := g.room(4)
	get := func(fd, name uint32) uint32 {
		g.must("sock_getsockopt", fd, levelSocket, name, value, 4)
		return g.word(value)
	}
	set := func(fd, name, to uint32) errno {
		return g.call("sock_setsockopt", fd, levelSocket, name, g.put(bytesOf(to)), 4)
	}
	listener, port := g.listen(kindStream)
	assert.EqualValues(t, kindStream, get(listener, optionType))
	assert.EqualValues(t, 1, get(listener, optionListening))
	fd := g.open(familyIPv4, kindDatagram)
	assert.EqualValues(t, kindDatagram, get(fd, optionType))
	assert.EqualValues(t, 0, get(fd, optionListening))
	for _, name := range []uint32{optionReuseAddress, optionBroadcast, optionKeepAlive} {
		assert.Equal(t, success, set(fd, name, 1))
		assert.NotZero(t, get(fd, name))
	}
	assert.Equal(t, success, set(fd, optionReceiveBuffer, 1<<31-1))
	assert.LessOrEqual(t, get(fd, optionReceiveBuffer), uint32(2*maxSocketBuffer)) // Linux doubles it
	assert.Equal(t, errNoProtoOpt, set(fd, 14, 1), "no binding to a device")
	assert.Equal(t, errNoProtoOpt, g.call("sock_getsockopt", fd, 6, 1, value, 4))
	assert.Equal(t, errNoProtoOpt, g.call("sock_setsockopt", fd, 6, 1, value, 4))
	assert.Equal(t, errNoProtoOpt, g.call("sock_getsockopt", fd, 0, 3, value, 4))
	g.must("sock_getsockopt", fd, 0, optionType, value, g.put(bytesOf(4))) // as WasmEdge has it
	assert.Equal(t, errInval, g.call("sock_getsockopt", fd, 0, optionType, value, g.put(bytesOf(8))))

	g.must("fd_close", listener)
	fd = g.open(familyIPv4, kindStream)
	if e := g.call("sock_connect", fd, g.at("127.0.0.1"), uint32(port)); e == errInProgress {
		events := g.poll(g.subscriptions(subscription{subscribeWrite, fd}))
		require.Len(t, events, 1)
		assert.EqualValues(t, errConnRefused, get(fd, optionError))
	} else {
		assert.Equal(t, errConnRefused, e)
	}
	assert.EqualValues(t, success, get(fd, optionError), "it is told once")
}
