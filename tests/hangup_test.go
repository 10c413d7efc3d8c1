package tests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// ask makes one request on a connection of its own.
func ask(t *testing.T, addr, target string) *raw.Response {
	t.Helper()
	c := raw.Dial(t, addr)
	defer c.Close()
	c.Send(get(target, "Connection: close"))
	return c.Response("GET")
}

// await returns the events of the exchange with that key, once the one that is named is among them.
func await(t *testing.T, addr, key, event string) string {
	t.Helper()
	r := ask(t, addr, "/await?key="+key+"&event="+event)
	require.Equal(t, 200, r.Status)
	return r.Body
}

// A client that goes away, at whatever stage, takes its exchanges with it. That nothing else stays is seen when the
// server is closed.
func TestHangUp(t *testing.T) {
	// In what is sent, {key} is the key of the watched exchange; its handler must be told of event.
	for _, stage := range []struct {
		name, send, event string
		reset             bool // and not just an end, which only says that no more is sent
	}{
		{name: "before the head"},
		{name: "before the head, reset", reset: true},
		{name: "in the head", send: "GET / HTTP/1.1\r\nHo"},
		{name: "in the head, reset", send: "GET / HTTP/1.1\r\nHo", reset: true},
		{name: "in the body", send: post("/watch?key={key}", "abc", "Content-Length: 9"), event: "request+closed"},
		{name: "in the body, reset", send: post("/watch?key={key}", "abc", "Content-Length: 9"), event: "request+closed", reset: true},
		{name: "in a chunk", send: chunkedPost("/watch?key={key}", "9\r\nabc"), event: "request+closed"},
		{name: "before the response, reset", send: get("/watch?key={key}"), event: "response+closed", reset: true},
		{name: "before the response, pipelined, reset", send: get("/watch") + get("/watch?key={key}") + get("/hello"), event: "request+closed", reset: true},
		{name: "in the response, reset", send: get("/watch?write=1&key={key}"), event: "response+closed", reset: true},
		{name: "in a long response", send: get("/download?size=100000000&key={key}"), event: "response+closed"},
		{name: "in a long response, reset", send: get("/download?size=100000000&key={key}"), event: "response+closed", reset: true},
	} {
		t.Run(stage.name, func(t *testing.T) {
			eachOfOurs(t, func(t *testing.T, f *farm) {
				addr := f.server(subject.Options{}).Addr
				c := raw.Dial(t, addr)
				key := newKey()
				c.Send(withKey(stage.send, key))
				if stage.event != "" {
					await(t, addr, key, "request")
				}
				if stage.reset {
					c.Reset()
				} else {
					c.Close()
				}
				if stage.event != "" {
					await(t, addr, key, stage.event)
				}
				require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)
			})
		})
	}
}

// A closing server lets go of idle connections, and finishes what is under way.
func TestShutdown(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		s := f.subject.Start(t, subject.Options{})
		idle, busy, key := raw.Dial(t, s.Addr), raw.Dial(t, s.Addr), newKey()
		idle.Send(get("/hello"))
		idle.Response("GET")
		busy.Send(get("/hold?key=" + key))
		await(t, s.Addr, key, "request")

		closed := make(chan struct{})
		go func() {
			defer close(closed)
			s.Close(t)
		}()
		idle.Closed() // so it has begun
		busy.Send(get("/release?key=" + key))
		r := busy.Response("GET")
		require.Equal(t, "held", r.Body)
		require.Equal(t, "close", r.Get("Connection"))
		busy.Closed()
		<-closed
	})
}

// A handler that ends in a trap takes its unanswered exchanges with it, and nothing else.
func TestHandlerFault(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		if !f.subject.Sandboxed {
			return // there a panic is the program's end, as in Node
		}
		addr := f.server(subject.Options{}).Addr
		inFlight, half, key := raw.Dial(t, addr), raw.Dial(t, addr), newKey()
		inFlight.Send(get("/hold?key=" + key))
		await(t, addr, key, "request")
		half.Send(get("/watch?write=1&key=" + key + "w"))
		await(t, addr, key+"w", "request")

		c := raw.Dial(t, addr)
		c.Send(get("/hello") + get("/panic") + get("/hello"))
		require.Equal(t, "hello\n", c.Response("GET").Body)
		for _, c := range []*raw.Conn{c, inFlight} {
			want := refused(500)
			want.connection = "close"
			want.check(t, c.Response("GET"))
			c.Closed()
		}
		cut := want{status: 200, framing: raw.Chunked, body: "half", cut: true, connection: "keep-alive"}
		r, err := half.Next("GET")
		require.NoError(t, err)
		cut.check(t, r)

		require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)

		c = raw.Dial(t, addr)
		c.Send(get("/panic?late=1"))
		r, err = c.Next("GET")
		require.NoError(t, err)
		cut.check(t, r)
		require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)
	})
}

// A handler's end while the body of an answered request still comes: the rest of it must not reach who serves the next.
func TestFaultInBody(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		if !f.subject.Sandboxed {
			return // there a panic is the program's end, as in Node
		}
		addr := f.server(subject.Options{}).Addr
		answered := raw.Dial(t, addr)
		answered.Send(post("/early", "abc", "Content-Length: 9"))
		require.Equal(t, "early", answered.Response("POST").Body)
		require.Equal(t, 500, ask(t, addr, "/panic").Status)

		others := make([]*raw.Conn, 4) // more than have ended
		for i := range others {
			others[i] = raw.Dial(t, addr)
			others[i].Send(post("/dump", "", "Content-Length: 6", "Expect: 100-continue"))
			require.Equal(t, 100, others[i].Response("POST").Status)
		}
		answered.Send("poison" + get("/hello"))
		require.Equal(t, "hello\n", answered.Response("GET").Body)
		for _, c := range others {
			c.Send("mybody")
			require.Contains(t, c.Response("POST").Body, `"body":"mybody"`)
		}
	})
}

// A client whose connection breaks while its request is paused, and so not read, is not waited for.
func TestResetWhilePaused(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		c := raw.Dial(t, addr)
		key := newKey()
		c.Send(withKey(post("/pause?key={key}", "abc", "Content-Length: 9"), key))
		await(t, addr, key, "request")
		c.Reset()
		defer ask(t, addr, "/resume?key="+key)
		await(t, addr, key, "request+closed")
	})
}
