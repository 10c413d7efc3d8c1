//go:build !wasip1

package http

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
	"github.com/portholehttp/porthole/guest/net"
)

const upgrade = "GET /chat HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

const connect = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"

// serverHead is a head that begins with the number of a server.
func serverHead(server byte, text string) []byte { return append([]byte{server, 0, 0, 0}, text...) }

// watchSocket logs the events of a socket.
func (p *fakePort) watchSocket(s *net.Socket) {
	s.OnData(func(chunk []byte) { p.Note("socket data %q", chunk) })
	s.OnEnd(func() { p.Note("socket end") })
	s.OnError(func(err error) { p.Note("socket error %s", code(err)) })
	s.OnClose(func(hadError bool) { p.Note("socket close %v", hadError) })
}

func TestListenersAreAnnounced(t *testing.T) {
	p := newPort(t)
	port.Hosted = true
	s := CreateServer()
	s.OnConnect(func(*ServerRequest, *net.Socket, []byte) {})
	s.OnUpgrade(func(*ServerRequest, *net.Socket, []byte) {})
	s.OnClientError(func(error, *net.Socket) {})
	s.OnConnection(func(*net.Socket) {})
	s.OnConnection(func(*net.Socket) {})
	assert.Equal(t, []string{"listeners 0 2", "listeners 0 6", "listeners 0 14", "listeners 0 30"}, p.Take())
	s.Listen(1)
	assert.Equal(t, "listeners 1 30", p.Take()[1])
}

func TestConnection(t *testing.T) {
	p := newPort(t)
	var first *net.Socket
	s := CreateServer(func(req *ServerRequest, res *ServerResponse) {
		p.Note("request")
		assert.Same(t, first, req.Connection())
		assert.Same(t, first, req.Connection())
		assert.Equal(t, "192.0.2.1", req.Connection().RemoteAddress())
		res.End()
	})
	s.OnConnection(func(socket *net.Socket) {
		p.Note("connection")
		first = socket
		p.watchSocket(socket)
	})
	s.OnConnection(func(*net.Socket) { p.Note("connection again") })
	p.Infos[20] = "remote=192.0.2.1:1\nlocal=192.0.2.2:80\n"
	p.Sockets[1], p.Sockets[2] = 20, 20
	porttest.Event(abi.EventConnection, 0, 20, serverHead(0, ""), nil)
	request(1, get)
	request(2, get)
	porttest.Event(abi.EventClose, abi.EventDone, 20, nil, nil)
	assert.Equal(t, []string{
		"connection", "connection again", "request", `send 1 HEAD|END 200 {} ""`, "request", `send 2 HEAD|END 200 {} ""`, "socket close false",
	}, p.Take())
	porttest.Event(abi.EventConnection, 0, 21, serverHead(9, ""), nil)
	assert.Empty(t, p.Take(), "of a server that is gone")
}

func TestConnectionWithoutListener(t *testing.T) {
	p := newPort(t)
	var socket *net.Socket
	CreateServer(func(req *ServerRequest, res *ServerResponse) {
		if socket == nil {
			socket = req.Connection()
		}
		assert.Same(t, socket, req.Connection())
		res.End()
	})
	p.Sockets[1], p.Sockets[2] = 20, 20
	request(1, get)
	request(2, get)
	assert.Equal(t, 1, port.Bindings())
	socket.Destroy()
	assert.Equal(t, "abort 20", p.Take()[2])
}

func TestConnectionOfAnExchangeThatIsOver(t *testing.T) {
	p := newPort(t)
	p.Sockets[7] = 20
	var req *ServerRequest
	CreateServer(func(q *ServerRequest, res *ServerResponse) { req = q; res.End() })
	request(7, get)
	p.Take()
	assert.Empty(t, req.Connection().RemoteAddress())
	req.Connection().SetNoDelay()
	req.Connection().Destroy()
	assert.Same(t, req.Connection(), req.Connection())
	assert.Empty(t, p.Take())
}

func TestUpgradeAndConnect(t *testing.T) {
	for _, c := range []struct {
		kind     abi.EventKind
		raw      string
		method   string
		listened func(*Server, func(*ServerRequest, *net.Socket, []byte))
	}{
		{abi.EventUpgrade, upgrade, "GET", (*Server).OnUpgrade},
		{abi.EventConnect, connect, "CONNECT", (*Server).OnConnect},
	} {
		p := newPort(t)
		s := CreateServer(func(*ServerRequest, *ServerResponse) { p.Note("request") })
		var socket *net.Socket
		var kept []byte
		c.listened(s, func(req *ServerRequest, c *net.Socket, head []byte) {
			p.Note("taken over %s %s %q", req.Method(), req.Headers().Get("host")[:7], head)
			req.OnEnd(func() { p.Note("request end") })
			assert.Same(t, c, req.Connection())
			assert.True(t, c.AllowHalfOpen)
			socket, kept = c, head
			p.watchSocket(c)
			c.WriteString("HTTP/1.1 200 OK\r\n\r\n")
		})
		porttest.Event(c.kind, 0, 20, porttest.RequestRecord(c.raw, 0), []byte("first"))
		porttest.Event(abi.EventData, 0, 20, nil, []byte("second"))
		porttest.Event(abi.EventData, abi.EventEnd, 20, nil, nil)
		assert.Equal(t, []string{
			`taken over ` + c.method + ` example "first"`, `socket send 20 "HTTP/1.1 200 OK\r\n\r\n"`, "request end", `socket data "second"`, "socket end",
		}, p.Take(), "and it does not end itself")
		assert.Equal(t, "first", string(kept), "the head may be kept")
		socket.End()
		porttest.Event(abi.EventClose, abi.EventDone, 20, nil, nil)
		assert.Equal(t, []string{`socket send 20 END ""`, "socket close false"}, p.Take())
		assert.Zero(t, port.Bindings())
	}
}

// The socket was known before: the events go to it, and it hands them on.
func TestUpgradeOfAKnownConnection(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	var first *net.Socket
	s.OnConnection(func(socket *net.Socket) { first = socket })
	s.OnUpgrade(func(_ *ServerRequest, socket *net.Socket, _ []byte) {
		assert.Same(t, first, socket)
		socket.Pipe(socket)
	})
	porttest.Event(abi.EventConnection, 0, 20, serverHead(0, ""), nil)
	porttest.Event(abi.EventUpgrade, 0, 20, porttest.RequestRecord(upgrade, 0), nil)
	porttest.Event(abi.EventData, 0, 20, nil, []byte("echo"))
	porttest.Event(abi.EventData, abi.EventEnd, 20, nil, nil)
	assert.Equal(t, []string{`socket send 20 "echo"`, "pipe 20 to 20", `socket send 20 END ""`}, p.Take())
}

func TestTakeoverThatNobodyListensTo(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	s.OnUpgrade(func(*ServerRequest, *net.Socket, []byte) { p.Note("upgrade") })
	porttest.Event(abi.EventConnect, 0, 20, porttest.RequestRecord(connect, 0), nil)
	porttest.Event(abi.EventUpgrade, 0, 21, porttest.RequestRecord(upgrade, 9), nil)
	porttest.Event(abi.EventClientError, 0, 22, serverHead(0, "HPE_INVALID_METHOD Parse Error"), nil)
	assert.Equal(t, []string{"abort 20", "abort 21", "abort 22"}, p.Take(), "the engine has not heard of a change yet")
}

func TestClientError(t *testing.T) {
	p := newPort(t)
	s := CreateServer(func(req *ServerRequest, res *ServerResponse) { p.watch(req, res) })
	s.Listen(1)
	s.OnClientError(func(err error, socket *net.Socket) {
		p.Note("client error %v", err)
		p.watchSocket(socket)
		socket.EndString("HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	s.OnClientError(func(error, *net.Socket) { p.Note("again") })
	listening(1, "127.0.0.1:1")
	requestFor(1, 0, 7, post, "")
	p.Take()
	porttest.Event(abi.EventClientError, 0, 20, serverHead(1, "HPE_INVALID_CHUNK_SIZE Parse Error"), nil)
	porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
	porttest.Event(abi.EventClose, abi.EventDone, 20, nil, nil)
	assert.Equal(t, []string{
		"client error HPE_INVALID_CHUNK_SIZE: Parse Error", `socket send 20 END "HTTP/1.1 400 Bad Request\r\n\r\n"`, "again",
		"request close", "response close", "socket close false",
	}, p.Take())
}

func TestListenHandle(t *testing.T) {
	p := newPort(t)
	a, b := CreateServer(), CreateServer()
	p.watchServer(b)
	a.Listen(1)
	listening(1, "127.0.0.1:1")
	p.Take()
	b.ListenHandle(a, Backlog(5), Callback(func() { p.Note("callback") }))
	assert.Equal(t, []string{`listen 2 kind 3 port 0 host "" backlog 5 number 1`}, p.Take())
	listening(2, "127.0.0.1:1")
	assert.Equal(t, []string{"callback", "listening"}, p.Take())
	require.Equal(t, "127.0.0.1:1", b.Address().String())

	c := CreateServer()
	p.watchServer(c)
	c.ListenHandle(FD(3))
	assert.Equal(t, []string{`listen 3 kind 2 port 0 host "" backlog 0 number 3`}, p.Take())

	d := CreateServer()
	p.watchServer(d)
	for _, handle := range []any{FD(-1), d, CreateServer(), net.OfHandle(0), 3, nil} {
		d.ListenHandle(handle)
		assert.Empty(t, p.Take(), "nothing inside of the call")
		port.RunTicks()
		assert.Equal(t, []string{"error EINVAL"}, p.Take(), "%T", handle)
	}
}
