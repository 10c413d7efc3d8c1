package tests

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

const mib = 1 << 20

const (
	plenty = 64 * mib               // more than any buffer on the way takes
	little = 48 * mib               // more than those of the system do: on Linux, 32 MiB for one that is read and 4 MiB for each that is written
	stall  = 300 * time.Millisecond // who takes nothing for so long is taken to have stopped
)

// A request that is paused stops its client.
func TestUploadPressure(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		c, key := raw.Dial(t, addr), newKey()
		c.Send(post("/pause?key="+key, "", "Content-Length: "+strconv.Itoa(plenty)))
		block := strings.Repeat("x", 64*kib)
		sent := c.Fill(block, plenty, stall)
		require.Less(t, sent, little, "bytes are read although the handler wants none")

		require.Equal(t, "resumed", ask(t, addr, "/resume?key="+key).Body)
		for ; sent < plenty; sent += len(block) {
			c.Send(block[:min(len(block), plenty-sent)])
		}
		require.Equal(t, strconv.Itoa(plenty), c.Response("POST").Body)
	})
}

// A client that does not read stops its handler.
func TestDownloadPressure(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		c, key := raw.Dial(t, addr), newKey()
		c.Send(get("/download?size=" + strconv.Itoa(plenty) + "&key=" + key))
		events := await(t, addr, key, "stalled")
		last, _, _ := strings.Cut(events[strings.LastIndex(events, "stalled ")+len("stalled "):], "\n")
		written, err := strconv.Atoi(last)
		require.NoError(t, err)
		require.Less(t, written, little)

		body := c.Response("GET").Body
		require.Len(t, body, plenty)
		require.Equal(t, plenty/16, strings.Count(body, "0123456789abcdef"))
	})
}

// A handler that writes on regardless loses the connection, and not the memory.
func TestFloodByHandler(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(with(func(c *host.ServerConfig) { c.MaxQueuedBytes = mib })).Addr
		c, key := raw.Dial(t, addr), newKey()
		c.Send(get("/download?flood=1&size=" + strconv.Itoa(plenty) + "&key=" + key))
		await(t, addr, key, "response+closed")
		r, err := c.Next("GET")
		require.NoError(t, err)
		require.False(t, r.Complete)
		require.Less(t, len(r.Body), little)
	})
}

// A client that takes nothing at all loses the connection in time.
func TestClientThatDoesNotRead(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(with(func(c *host.ServerConfig) { c.WriteIdleTimeout = soon })).Addr
		c, key := raw.Dial(t, addr), newKey()
		c.Send(get("/download?size=" + strconv.Itoa(plenty) + "&key=" + key))
		await(t, addr, key, "response+closed")
		r, err := c.Next("GET")
		require.NoError(t, err)
		require.False(t, r.Complete)
	})
}

// A client that pipelines without reading is not read either.
func TestFloodByClient(t *testing.T) {
	request := get("/download?size=65536", "X: "+strings.Repeat("x", 8*kib))
	eachOfOurs(t, func(t *testing.T, f *farm) {
		c := raw.Dial(t, f.server(subject.Options{}).Addr)
		sent := c.Fill(request, plenty, stall)
		require.Less(t, sent, little)
		for range sent / len(request) {
			require.Len(t, c.Response("GET").Body, 65536)
		}
		c.Reset()
	})
}

// Requests behind one that is not answered wait in the system, but for a few.
func TestReadAhead(t *testing.T) {
	const most = 4
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(with(func(c *host.ServerConfig) { c.MaxPipelined = most })).Addr
		c, key := raw.Dial(t, addr), newKey()
		request := get("/hold?key="+key, "X: "+strings.Repeat("x", 8*kib))
		sent := c.Fill(request, plenty, stall)
		require.Less(t, sent, little)
		require.Equal(t, most, strings.Count(await(t, addr, key, "request"), "request"))
		require.Equal(t, "released", ask(t, addr, "/release?key="+key).Body)
		for range sent / len(request) {
			require.Equal(t, "held", c.Response("GET").Body)
		}
		c.Reset()
	})
}

// A thousand connections are served side by side.
func TestManyConnections(t *testing.T) {
	const many, dialers = 1000, 8
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(with(func(c *host.ServerConfig) { c.Shards = 2 })).Addr
		conns := make([]*raw.Conn, many)
		each := func(do func(i int)) {
			var dialing sync.WaitGroup
			for d := range dialers {
				dialing.Go(func() {
					for i := d; i < many && !t.Failed(); i += dialers {
						do(i)
					}
				})
			}
			dialing.Wait()
		}
		each(func(i int) {
			conns[i] = raw.Dial(t, addr)
			conns[i].Send(get("/hello"))
		})
		for range 3 {
			each(func(i int) {
				if r, err := conns[i].Next("GET"); err != nil || r.Body != "hello\n" {
					t.Errorf("connection %d: %v, %v", i, r, err)
				}
				conns[i].Send(get("/hello"))
			})
		}
	})
}
