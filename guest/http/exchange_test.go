//go:build !wasip1

package http

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// hello is the shortest handler, of constants.
func hello(_ *ServerRequest, res *ServerResponse) {
	_ = res.WriteHead(200, Header{"Content-Type", "text/plain"})
	res.EndString("hello world\n")
}

// mallocs returns how many allocations f makes.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// A hello allocates a sixteenth of its exchange, and a part of the chunk that its head is kept in: nothing else.
func TestHelloAllocations(t *testing.T) {
	newPort(t)
	t.Cleanup(port.Replace(porttest.Quiet{}))
	CreateServer(hello)
	head := porttest.RequestRecord(get, 0)
	handle := uint64(0)
	once := func() {
		handle++
		port.Dispatch(abi.EventRequest, abi.EventEnd, handle, head, nil)
	}
	once()
	once() // now its head is known
	const exchanges = 64 * slabSize
	got := mallocs(func() {
		for range exchanges {
			once()
		}
	})
	chunks := exchanges * (len(head) + 8) / (8 << 10)
	assert.LessOrEqual(t, got, uint64(exchanges/slabSize+chunks+8))
	assert.Zero(t, testing.AllocsPerRun(exchanges, once), "rounded down")
	assert.Zero(t, port.Bindings())
}

// SetHeader, and heads that are never the same, have room for a few fields.
func TestFieldAllocations(t *testing.T) {
	newPort(t)
	t.Cleanup(port.Replace(porttest.Quiet{}))
	values := [...]string{"a", "bb", "ccc", "dddd", "eeeee"}
	n := 0
	CreateServer(func(_ *ServerRequest, res *ServerResponse) {
		n++
		_ = res.SetHeader("X-One", values[n%3])
		_ = res.SetHeader("X-Two", values[n%5])
		_ = res.WriteHead(200, Header{"X-Three", values[n%4]})
		res.EndString("")
	})
	head := porttest.RequestRecord(get, 0)
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		port.Dispatch(abi.EventRequest, abi.EventEnd, uint64(n), head, nil)
	}), 1.0, "a head that comes again is remembered now and then")
}

// What a handler keeps of an exchange stays what it was, and does nothing to those that follow.
func TestExchangesAreNotUsedAgain(t *testing.T) {
	p := newPort(t)
	type kept struct {
		req *ServerRequest
		res *ServerResponse
		url string
	}
	var all []kept
	CreateServer(func(req *ServerRequest, res *ServerResponse) {
		all = append(all, kept{req, res, req.URL()})
		hello(req, res)
	})
	const exchanges = 300 // several slabs and chunks
	raw := func(n int) string {
		return fmt.Sprintf("PUT /%d HTTP/1.1\r\nHost: h%d\r\nX-Long: %s\r\n\r\n", n, n, strings.Repeat("x", n*13%3000))
	}
	for n := range exchanges {
		request(uint64(n+1), raw(n))
	}
	require.Len(t, all, exchanges)
	require.Len(t, p.Take(), exchanges)
	for n, k := range all {
		assert.Equal(t, fmt.Sprint("/", n), k.url)
		assert.Equal(t, k.url, k.req.URL())
		assert.Equal(t, "PUT", k.req.Method())
		assert.Equal(t, fmt.Sprint("h", n), k.req.Headers().Get("host"))
		assert.Len(t, k.req.Headers().Get("x-long"), n*13%3000)
		assert.Equal(t, "text/plain", k.res.GetHeader("content-type"))
		assert.False(t, k.res.Write([]byte("late")))
		assert.ErrorContains(t, k.res.WriteHead(200), "ERR_HTTP_HEADERS_SENT")
		k.res.End()
		k.res.Destroy()
		k.req.Pause()
		k.req.Resume()
	}
	assert.Empty(t, p.Take())
	assert.Len(t, p.Printed, exchanges, "each write after the end is an error")
}

// Listeners of an exchange that is over are let go of, whoever else is allocated with it.
func TestListenersAreLetGo(t *testing.T) {
	for _, c := range []struct {
		title  string
		answer abi.Status
		then   func()
	}{
		{"by the answer", abi.StatusOK, func() {}},
		{"by an event", abi.StatusQueued, func() { porttest.Event(abi.EventFinish, abi.EventDone, 7, nil, nil) }},
		{"with the connection", abi.StatusQueued, func() { porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil) }},
	} {
		p := newPort(t)
		p.Answers = []abi.Status{c.answer}
		freed := make(chan struct{})
		CreateServer(func(req *ServerRequest, res *ServerResponse) {
			big := new([1 << 20]byte)
			runtime.AddCleanup(big, func(int) { close(freed) }, 0)
			listener := func() { big[0]++ }
			req.OnData(func([]byte) { big[0]++ })
			req.OnEnd(listener)
			req.OnClose(listener)
			res.OnClose(listener)
			res.OnDrain(listener)
			res.OnFinish(listener)
			hello(req, res)
		})
		request(7, post, "x")
		c.then()
		assert.True(t, collected(freed), c.title)
	}
}

// collected reports whether a cleanup comes to run.
func collected(done <-chan struct{}) bool {
	for range 100 {
		runtime.GC()
		select {
		case <-done:
			return true
		default:
			runtime.Gosched()
		}
	}
	return false
}

func TestEndAfterTheConnectionIsGone(t *testing.T) {
	p := newPort(t)
	CreateServer(hello)
	for n := range uint64(3) {
		request(n, get)
	}
	p.Take()
	p.Answers = []abi.Status{abi.StatusClosed}
	var res *ServerResponse
	attached[0].onRequest[0] = func(_ *ServerRequest, r *ServerResponse) { res = r; hello(nil, r) }
	request(7, get)
	res.End()
	assert.Len(t, p.Take(), 1, "the second End has nothing to send")
}

// A listener to 'finish' may be added after End, before the tick.
func TestLateFinishListener(t *testing.T) {
	p := newPort(t)
	var res *ServerResponse
	CreateServer(func(_ *ServerRequest, r *ServerResponse) {
		res = r
		r.End()
		r.OnFinish(func() { p.Note("finish") })
		r.OnFinish(func() { p.Note("and again") })
		p.Note("not yet")
	})
	request(7, get)
	assert.Equal(t, []string{`send 7 HEAD|END 200 {} ""`, "not yet", "finish", "and again"}, p.Take())
	res.OnFinish(func() { p.Note("too late") })
	port.RunTicks()
	assert.Empty(t, p.Take())
}

func BenchmarkHello(b *testing.B) {
	b.Cleanup(port.Replace(porttest.Quiet{}))
	s := CreateServer(hello)
	defer s.detach()
	head := porttest.RequestRecord(get, 0)
	b.ReportAllocs()
	for i := range b.N {
		port.Dispatch(abi.EventRequest, abi.EventEnd, uint64(i), head, nil)
	}
}

// BenchmarkFields is a handler that reads the URL and three fields, and sets three.
func BenchmarkFields(b *testing.B) {
	b.Cleanup(port.Replace(porttest.Quiet{}))
	s := CreateServer(func(req *ServerRequest, res *ServerResponse) {
		h := req.Headers()
		if req.URL() == "" || h.Get("host") == "" || h.Get("user-agent") == "" || h.Get("cookie") == "" {
			res.StatusCode = 400
		}
		_ = res.SetHeader("Content-Type", "text/plain")
		_ = res.SetHeader("Cache-Control", "no-store")
		_ = res.SetHeader("X-Server", "porthole")
		res.EndString("hello world\n")
	})
	defer s.detach()
	head := porttest.RequestRecord("GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: wrk\r\nAccept: */*\r\nCookie: a=b\r\n\r\n", 0)
	b.ReportAllocs()
	for i := range b.N {
		port.Dispatch(abi.EventRequest, abi.EventEnd, uint64(i), head, nil)
	}
}
