//go:build !wasip1

package http

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
	"github.com/portholehttp/porthole/guest/net"
)

func TestAgentIsLive(t *testing.T) {
	p := newPort(t)
	a := NewAgent()
	request := func() { Request(RequestOptions{Agent: a}) }
	request()
	a.MaxSockets = 2
	request()
	a.MaxSockets, a.KeepAlive = 0, true
	request()
	a.KeepAliveTimeout, a.MaxFreeSockets = 0, 1
	request()
	Request(RequestOptions{Agent: new(Agent)})
	GlobalAgent.MaxSockets = 7
	Request(RequestOptions{})
	assert.Equal(t, []string{
		"request open localhost:80 agent 1 sockets 5 headers 1000",
		"request open localhost:80 agent 1 sockets 2 headers 1000",
		"request open localhost:80 POOL agent 1 sockets 5 free 256 headers 1000 pool-timeout 5000000000",
		"request open localhost:80 POOL agent 1 sockets 5 free 1 headers 1000",
		"request open localhost:80 agent 2 sockets 5 headers 1000",
		"request open localhost:80 agent 3 sockets 7 headers 1000",
	}, p.Take())
}

func TestAgentSocketsAndRequests(t *testing.T) {
	newPort(t)
	a, other := NewAgent(), NewAgent()
	o := RequestOptions{Host: "a", Agent: a}
	r1, r2, r3 := Request(o), Request(o), Request(o)
	local := Request(RequestOptions{Host: "::1", Port: 81, LocalAddress: "::2", Agent: a})
	unix := Request(RequestOptions{SocketPath: "/run/x", Agent: a})
	Request(RequestOptions{Host: "a", Agent: other})
	assert.Empty(t, a.Sockets())
	assert.Equal(t, map[string][]*ClientRequest{"a:80": {r1, r2, r3}, "::1:81:::2": {local}, "/run/x": {unix}}, a.Requests())

	giveSocket(h, 7)
	giveSocket(h+1, 8)
	giveSocket(h+3, 9)
	giveSocket(h+4, 10)
	assert.Equal(t, map[string][]*ClientRequest{"a:80": {r3}}, a.Requests())
	assert.Equal(t, map[string][]*net.Socket{"a:80": {r1.Socket(), r2.Socket()}, "::1:81:::2": {local.Socket()}, "/run/x": {unix.Socket()}}, a.Sockets())

	first := r1.Socket()
	response(h, done, ok, "")
	giveSocket(h+2, 7)
	assert.Same(t, first, r3.Socket(), "the connection is used again")
	assert.Equal(t, map[string][]*net.Socket{"a:80": {r2.Socket(), first}, "::1:81:::2": {local.Socket()}, "/run/x": {unix.Socket()}}, a.Sockets())
	assert.Empty(t, a.Requests())

	r2.Socket().AgentRemove()
	local.OnError(func(error) {})
	breaks(h+3, "ECONNRESET socket hang up")
	response(h+4, done, ok, "")
	assert.Equal(t, map[string][]*net.Socket{"a:80": {first}}, a.Sockets())
	response(h+2, done, ok, "")
	response(h+1, done, ok, "")
	assert.Empty(t, a.Sockets())
	assert.NotEmpty(t, other.Requests())
}

func TestSettingsWaitForTheConnection(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Timeout: time.Second})
	r.SetNoDelay(false)
	r.SetSocketKeepAlive(true, time.Minute)
	assert.Empty(t, p.Take())
	giveSocket(h, 7)
	r.SetTimeout(2*time.Second, func() { p.Note("once") })
	assert.Equal(t, []string{"socket"}, p.Take())
	connects(7)
	assert.Equal(t, []string{
		"socket set 7 timeout 2000000000", "socket set 7 no_delay 0", "socket set 7 keep_alive 60000000000",
	}, p.Take())
	r.SetNoDelay()
	assert.Equal(t, []string{"socket set 7 no_delay 1"}, p.Take(), "it is connected")
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"once", "timeout", "timeout"}, p.Take(), "it does not abort")
	response(h, done, ok, "")
	assert.Equal(t, []string{"response 200", "end"}, p.Take())

	next := p.start(RequestOptions{})
	next.SetTimeout(2 * time.Second)
	giveSocket(h+1, 7)
	assert.Equal(t, []string{"socket"}, p.Take(), "the connection is there, and has that timeout")
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"timeout"}, p.Take(), "it is the second request's")
	assert.False(t, r.ReusedSocket())
	assert.True(t, next.ReusedSocket())
	next.SetTimeout(time.Second)
	next.SetTimeout(0)
	response(h+1, done, ok, "")
	assert.Equal(t, []string{"socket set 7 timeout 1000000000", "socket set 7 timeout 0", "response 200", "end"}, p.Take())
}

func TestTimeoutOfAFreeSocket(t *testing.T) {
	p := newPort(t)
	first := p.start(RequestOptions{Timeout: time.Second})
	giveSocket(h, 7)
	connects(7)
	first.Socket().OnTimeout(func() { p.Note("socket's timeout") })
	response(h, done, ok, "")
	p.Take()
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"socket set 7 timeout 0"}, p.Take(), "nobody is told of what was the first request's")

	p.start(RequestOptions{Timeout: time.Second})
	giveSocket(h+1, 7)
	response(h+1, done, ok, "")
	assert.Equal(t, []string{"socket set 7 timeout 1000000000", "socket", "response 200", "end"}, p.Take())

	p.start(RequestOptions{})
	giveSocket(h+2, 7)
	p.Take()
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"socket set 7 timeout 0"}, p.Take(), "the third has none")
	first.Socket().SetTimeout(time.Minute)
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"socket set 7 timeout 60000000000", "socket's timeout"}, p.Take(), "this one is the program's")
}

func TestSettingsWhileItConnects(t *testing.T) {
	p := newPort(t)
	r := Request(RequestOptions{})
	p.Take()
	giveSocket(h, 7)
	r.SetNoDelay(false)
	r.SetNoDelay()
	r.SetSocketKeepAlive(false, 0)
	assert.Empty(t, p.Take())
	connects(7)
	assert.Equal(t, []string{"socket set 7 no_delay 1", "socket set 7 keep_alive -1"}, p.Take())
}

func TestSettingsOfARequestThatIsOver(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Timeout: time.Second})
	giveSocket(h, 7)
	r.Abort()
	breaks(h, "ECONNRESET socket hang up")
	p.Take()
	connects(7)
	r.SetNoDelay()
	assert.Empty(t, p.Take(), "the socket is another's, if it lives")
}

func TestSettingsFollowASecondSocket(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Timeout: time.Second})
	giveSocket(h, 7)
	connects(7)
	giveSocket(h, 8)
	connects(8)
	response(h, done, ok, "")
	assert.Equal(t, []string{"socket", "socket set 7 timeout 1000000000", "socket set 8 timeout 1000000000", "response 200", "end"}, p.Take())
	porttest.Event(abi.EventTimeout, 0, 7, nil, nil)
	assert.Equal(t, []string{"socket set 7 timeout 0"}, p.Take(), "it is not that of the first socket any more")
	assert.Equal(t, net.OfHandle(8), r.Socket())
}

func TestEndOfTheLoopForgetsRequests(t *testing.T) {
	p := newPort(t)
	r := Request(RequestOptions{})
	port.Replace(p.Port)
	r.Abort()
	r.End()
	assert.NotContains(t, p.Take(), "abort 101", "the handle may be another request's by now")
	assert.Empty(t, GlobalAgent.Requests())
}

func TestClientAllocations(t *testing.T) {
	newPort(t)
	t.Cleanup(port.Replace(&countingPort{}))
	response := porttest.ResponseRecord("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", abi.ResponseKeepAlive, 5)
	options := RequestOptions{Host: "example.org", Path: "/"}
	got := testing.AllocsPerRun(1000, func() { exchangeOnce(&options, response) })
	assert.LessOrEqual(t, got, 1.0, "the request with its response and their listeners; of lists of fields and heads a part")
	assert.Nil(t, underWay.first)
}

// countingPort is Quiet with a handle for each request.
type countingPort struct {
	porttest.Quiet
	last uint64
}

func (p *countingPort) RequestOpen([]byte) (uint64, abi.Status) {
	p.last++
	return p.last, abi.StatusOK
}

var helloBody = []byte("hello")

func exchangeOnce(options *RequestOptions, response []byte) {
	r := Request(*options, func(*ClientResponse) {})
	r.End()
	port.Dispatch(abi.EventResponse, done, r.handle, response, helloBody)
}

func BenchmarkClient(b *testing.B) {
	b.Cleanup(port.Replace(&countingPort{}))
	response := porttest.ResponseRecord("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", abi.ResponseKeepAlive, 5)
	options := RequestOptions{Host: "example.org", Path: "/"}
	b.ReportAllocs()
	for b.Loop() {
		exchangeOnce(&options, response)
	}
}

// A request that is answered with what another server says.
func BenchmarkProxy(b *testing.B) {
	client := &countingPort{last: 1 << 32}
	b.Cleanup(port.Replace(client))
	s := CreateServer(func(_ *ServerRequest, res *ServerResponse) {
		Get(RequestOptions{Host: "example.org"}, func(answer *ClientResponse) {
			_ = res.WriteHead(answer.StatusCode(), Header{"Content-Type", answer.Headers().Get("content-type")})
			answer.Pipe(res)
		})
	})
	b.Cleanup(func() { s.detach() })
	request := porttest.RequestRecord(get, 0)
	response := porttest.ResponseRecord("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", abi.ResponseKeepAlive, 5)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		port.Dispatch(abi.EventRequest, abi.EventEnd, i, request, nil)
		port.Dispatch(abi.EventResponse, done, client.last, response, helloBody)
	}
}
