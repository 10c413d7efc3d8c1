package netloop

import (
	"net"
	"testing"
)

// BenchmarkEchoTLS is BenchmarkEcho over TLS, on 64 connections whose handshake is over: the loop, the loop with a goroutine for each
// connection (stream), or goroutines without a loop.
func BenchmarkEchoTLS(b *testing.B) {
	const conns = 64
	for _, name := range []string{"loop", "stream", "goroutines"} {
		b.Run(name, func(b *testing.B) {
			l := New(Config{Portable: portable})
			run(b, l, newEcho(l))
			attach := map[string]func(net.Conn){
				"loop":       func(c net.Conn) { l.Attach(c, 0) },
				"stream":     func(c net.Conn) { l.Attach(struct{ net.Conn }{c}, 0) },
				"goroutines": func(c net.Conn) { go echoBlocking(c) },
			}[name]
			peers := make([]net.Conn, conns)
			for i := range peers {
				ours, theirs := establishedPair(b)
				peers[i] = theirs
				attach(ours)
				roundTrip(b, theirs, make([]byte, 256))
			}
			roundTrips(b, peers)
		})
	}
}
